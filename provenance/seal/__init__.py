"""The sealer: a granted asset to the marked, signed file that ships, and the record of what was made."""
