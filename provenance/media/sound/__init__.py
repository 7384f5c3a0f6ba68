"""Sound as a medium: WAV, FLAC, MP3, M4A and OGG, streamed from file to file."""
