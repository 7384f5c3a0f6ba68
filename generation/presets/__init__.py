"""Presets: what people ask for in one sentence, as data. `generation.presets.preset` reads them."""
