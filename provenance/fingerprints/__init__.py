"""Perceptual fingerprints: pixels to comparable codes."""
