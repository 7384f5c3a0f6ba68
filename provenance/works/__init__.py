"""The copyright registry: works, banks, and the match index."""
