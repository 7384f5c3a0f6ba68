"""Debian's browser, for tests that look at pages or have some printed."""

import shutil

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""Its path, or None. Without its windows where that package is installed: a page takes a third of the processor time."""
NO_CHROMIUM = "no Chromium: apt-get install chromium-headless-shell"
