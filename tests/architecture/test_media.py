"""What is inside a file is its medium's: nothing above `provenance/media` knows pixels."""

import ast
import re

from tests.architecture.checkout import ROOT, modules

PIXELS = {"Picture", "Frame", "parse_image", "encode_image", "parse_layout"}
"""Names by which a module would know what is inside a picture."""

SCHEMES = ("provenance/media/", "provenance/fingerprints/", "provenance/watermarks/", "provenance/sight/", "detectors/")
"""Media, schemes of pictures, and detectors that read pictures."""

PICTURES_ONLY = {
    "provenance/asset.py": "says what the arrays that schemes share are",
    "provenance/works/": "registered works are pictures; what is released is matched by codes alone",
    "generation/": "backends draw pictures",
    "api/commands/watermark.py": "marks pictures by hand",
    "api/matching.py": "shows a picture beside the work that it matches",
    "api/preview.py": "shows a small picture of what was asked about",
    "api/commands/demo.py": "registers and draws pictures",
    "api/registering.py": "reads pictures that become works",
}


def names_in(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return found | {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}


def test_nothing_above_media_knows_pixels():
    above = [str(path) for path in modules() if not str(path).startswith((*SCHEMES, *PICTURES_ONLY))]
    knowing = {path: sorted(names_in(path) & PIXELS) for path in above if names_in(path) & PIXELS}
    assert knowing == {}
    stale = [name for name in PICTURES_ONLY if not any(str(path).startswith(name) for path in modules())]
    assert stale == []


def test_no_stage_asks_which_medium_it_is():
    """A branch for one kind of file outside its folder would be needed for every other kind, too."""
    asking = re.compile(
        r"""(?:medium|medium\.name|view\.kind)\s*(?:==|!=|is|in)\s*\(?["'](?:picture|video|sound|text)["']"""
    )
    line = [path for path in modules() if str(path).startswith(("policies/", "provenance/seal/", "provenance/verify/"))]
    assert [str(path) for path in line if asking.search((ROOT / path).read_text(encoding="utf-8"))] == []


def test_no_detector_knows_another_medium_than_pictures():
    """What a medium's views are is said by the views: a detector that names a medium needs a change for the next."""
    known = re.compile(r"provenance\.media\.(?:pdf|sound|text|video)\.kind")
    reading = [path for path in modules() if str(path).startswith("detectors/")]
    assert reading
    knowing = [str(path) for path in reading if known.search((ROOT / path).read_text(encoding="utf-8"))]
    assert knowing == ["detectors/incoming_marks.py"], "it tells which files have metadata of a sound"
