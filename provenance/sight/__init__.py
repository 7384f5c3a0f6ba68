"""One small network that sees photographs: what copies are found by, and what names come from."""
