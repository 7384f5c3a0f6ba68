"""The append-only, provable record of what the gate did."""
