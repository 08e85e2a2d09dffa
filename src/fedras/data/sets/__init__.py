"""One file per data set that fedras knows by name."""
