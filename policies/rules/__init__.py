"""Packs and the engine: what a rule may say, how it is checked, and what it decides."""
