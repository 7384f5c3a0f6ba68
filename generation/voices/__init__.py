"""Voices: lines that are spoken, in sync with a clip, and what is heard around them."""
