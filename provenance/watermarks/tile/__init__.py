"""Chopmark's own watermark, a keyed periodic tile; start at `scheme.Tile`."""
