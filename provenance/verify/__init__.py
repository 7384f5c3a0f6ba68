"""The verifier: every layer is asked about a file, each answers for itself, then one joint state."""
