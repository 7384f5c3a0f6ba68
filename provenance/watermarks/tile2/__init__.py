"""The second tile: a keyed pattern whose period only its key knows; start at `scheme.Tile2`."""
