"""Packs that a tenant edits while the service runs: saved, tried, activated, rolled back, all on the ledger."""
