"""What the headers of each container say, read within bounds and without decoding."""
