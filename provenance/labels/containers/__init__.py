"""Where each file format keeps metadata: found without decoding, written without touching a pixel."""
