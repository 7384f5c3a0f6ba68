"""What lies in this checkout: tracked files, and those about to be."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("api", "policies", "detectors", "generation", "provenance")
BINARY = {
    ".otf",
    ".ttf",
    ".png",
    ".jpg",
    ".jpeg",
    ".webp",
    ".avif",
    ".tif",
    ".gif",
    ".heic",
    ".onnx",
    ".bin",
    ".npz",
    ".safetensors",
    ".tlog",
}


@cache
def files():
    """Return every file that git tracks or would track, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return tuple(sorted(Path(name) for name in set(listed.split("\0")) if name and (ROOT / name).is_file()))


@cache
def modules():
    """Return the modules of the five packages, less dunder files and migrations, which Alembic runs itself."""
    return tuple(
        path
        for path in files()
        if path.suffix == ".py"
        and path.parts[0] in PACKAGES
        and "migrations" not in path.parts
        and not path.stem.startswith("__")
    )


def text_of(path):
    """Return a file's text, or "" where it is none."""
    if path.suffix in BINARY:
        return ""
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")
