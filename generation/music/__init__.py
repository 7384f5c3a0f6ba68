"""Music for a picture: its colours choose key, tempo and mood, a seed composes it, and plain synthesis plays it."""
