"""The scheme `chord`: 64 bits in sound, as small keyed changes of loudness between neighbouring bands and moments."""
