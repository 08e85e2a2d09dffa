"""What commands show while they work; one file each."""
