"""One small network that understands sentences: what a prompt means, in any common language."""
