"""The stages of the line in policies/gate.py, each an idempotent function of an asset's id."""
