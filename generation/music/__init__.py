"""Music for a picture: its colours choose key, tempo and mood, a seed composes it, and plain synthesis plays it."""

from typing import Final

COMPOSER: Final = "music"
"""What the backend of a recipe begins with where the piece was composed here, note by note."""
