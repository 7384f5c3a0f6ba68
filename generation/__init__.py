"""The generation core: requests in, media and their recipe out."""
