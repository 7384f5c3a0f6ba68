"""Invisible marks that carry a payload: one file a scheme, all behind `base.Watermark`."""
