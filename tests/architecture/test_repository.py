"""What may never lie in the repository, and what must: secrets, machine paths, open ends; headings, versions."""

import re
import tomllib

import pytest

from detectors.base import DETECTORS
from generation.base import BACKENDS
from provenance.fingerprints.base import FINGERPRINTS
from provenance.watermarks.base import WATERMARKS
from tests.architecture.checkout import ROOT, files, text_of

# 2 MB: what a picture in the README or a font may weigh; more belongs into a release, not into history.
MAX_BYTES = 2_000_000

# The models that work without a download are shipped: each folder may hold weights, and weigh this much as a whole.
MODELS = {
    "provenance/sight": 5_500_000,
    "detectors/models/chop-clip": 8_250_000,
    "detectors/models/faces": 250_000,
    "detectors/sentences": 27_800_000,
    "generation/models/chop-draw": 40_000_000,
}

FORBIDDEN = {
    # Written in pieces, so that this file does not hold what it looks for.
    "a path of one machine": re.compile(r"(?<![\w.:/-])/(?:" + "wor" + "k|roo" + "t|Use" + r"rs)/\w"),
    "a package registry's host": re.compile(
        "py" + r"pi\.org|files\.python" + r"hosted|npm" + r"js\.(?:org|com)|deb\." + r"debian\.org"
    ),
    "an open end": re.compile(r"\b(?:TO" + "DO|FIX" + "ME|XX" + r"X)\b"),
    "a private key": re.compile("BEGIN [A-Z ]*PRIVATE" + " KEY-----\n[A-Za-z0-9+/]"),
    "a merge conflict": re.compile(r"^(?:<<<<<" + r"<< |>>>>>" + ">> )", re.MULTILINE),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what):
    found = [
        f"{path}:{text[: hit.start()].count(chr(10)) + 1}: {hit.group()!r}"
        for path in files()
        if (text := text_of(path))
        for hit in [FORBIDDEN[what].search(text)]
        if hit
    ]
    assert found == []


def is_weights(path):
    return path.suffix in {".safetensors", ".onnx", ".xz"} and any(path.is_relative_to(folder) for folder in MODELS)


def test_no_file_is_large():
    large = [path for path in files() if (ROOT / path).stat().st_size > MAX_BYTES and not is_weights(path)]
    assert [str(path) for path in large] == []


@pytest.mark.parametrize("folder", MODELS)
def test_each_model_is_small(folder):
    sizes = [(ROOT / path).stat().st_size for path in files() if path.is_relative_to(folder)]
    assert 0 < sum(sizes) <= MODELS[folder]


BESIDE = {
    "detectors/sentences/head.npz",
    "detectors/models/faces/faces.onnx",
    "provenance/fingerprints/copy.npz",
    "provenance/watermarks/chord/evidence.npz",
}


def test_what_chop_clip_sees_and_reads_with_weighs_40_mb_at_most():
    """Its eyes, its words and the sentence encoder; what prompts, faces, copies and sounds add weighs 4 MB at most."""
    suffixes = {".onnx", ".xz", ".npz", ".safetensors"}
    weights = [path for path in files() if path.suffix in suffixes and path.parts[0] in {"detectors", "provenance"}]
    sizes = {str(path): (ROOT / path).stat().st_size for path in weights}
    beside = sum(sizes.pop(name) for name in BESIDE)
    assert 0 < beside <= 4_000_000
    assert 0 < sum(sizes.values()) <= 40_000_000


def test_no_data_was_committed():
    """Databases, keys and what people submit stay outside."""
    suffixes = {".db", ".sqlite", ".pem", ".key", ".pyc", ".safetensors", ".onnx", ".pt", ".pth"}
    assert [str(path) for path in files() if path.suffix in suffixes and not is_weights(path)] == []


def headings(page):
    path = ROOT / "docs" / page
    assert path.is_file(), f"docs/{page} is missing"
    return [line.lstrip("#").strip() for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]


PLUGINS = [
    *(("detectors.md", name) for name in DETECTORS.builtins),
    *(("watermarks.md", name) for name in WATERMARKS.builtins),
    *(("fingerprints.md", name) for name in FINGERPRINTS.builtins),
    *(("generation.md", name) for name in BACKENDS.builtins),
    *(("policies.md", path.stem) for path in sorted((ROOT / "policies" / "packs").glob("*.yaml"))),
]


@pytest.mark.parametrize(("page", "name"), PLUGINS)
def test_each_plugin_and_pack_has_a_heading(page, name):
    assert any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", heading) for heading in headings(page)), (
        f"docs/{page} has no heading with {name}"
    )


def test_the_changelog_tells_of_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.search(rf"^## .*{re.escape(version)}", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_what_a_newcomer_reads_is_there():
    assert [
        name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE") if not (ROOT / name).is_file()
    ] == []


def test_links_between_pages_lead_somewhere():
    broken = []
    for path in files():
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text_of(path)):
            if "://" not in target and not target.startswith("mailto:") and not (ROOT / path.parent / target).exists():
                broken.append(f"{path}: {target}")
    assert broken == []
