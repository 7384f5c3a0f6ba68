"""A still picture set in motion: depth is guessed, layers move before each other, and a clip goes on where it ended."""
