"""One question about one asset a module; each answers with a Signal, never with a decision."""
