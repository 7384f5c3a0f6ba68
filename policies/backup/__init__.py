"""A whole site in one file, and a site out of such a file."""
