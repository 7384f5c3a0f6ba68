"""Clips as a medium: MP4, QuickTime, WebM and Matroska."""
