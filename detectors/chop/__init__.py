"""chop-clip, the model that comes along: pictures of every kind, and words, as directions that can be compared."""
