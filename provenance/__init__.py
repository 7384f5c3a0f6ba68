"""What an asset is, and everything that can be bound to it: marks, manifests, fingerprints, works, ledger."""
