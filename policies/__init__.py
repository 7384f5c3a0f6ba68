"""The release gate: the line every asset walks, and the packs of rules that decide."""
