"""Everything that a site holds, held against the ledger."""
