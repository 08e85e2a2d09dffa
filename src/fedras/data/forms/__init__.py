"""The forms in which tables come, each read into the columns that are used."""
