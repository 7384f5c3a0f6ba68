"""Tests mirror the tree: who looks for a module's tests knows where they are."""

import pytest

from tests.architecture.checkout import ROOT, files, modules

ELSEWHERE = {
    # module: (where its tests are, why)
    "provenance/labels/containers/base.py": (
        "tests/provenance/labels/test_exif.py",
        "records, and what blanks user comments",
    ),
    "provenance/media/containers/bmff_items.py": (
        "tests/provenance/labels/containers/test_bmff.py",
        "lists inside its boxes",
    ),
}


def mirror_of(module):
    """Return where the tests of a module belong; a leading underscore is dropped."""
    return ROOT / "tests" / module.parent / f"test_{module.stem.lstrip('_')}.py"


@pytest.mark.parametrize("module", modules(), ids=str)
def test_each_module_has_its_tests(module):
    if str(module) in ELSEWHERE:
        where, why = ELSEWHERE[str(module)]
        assert why
        assert (ROOT / where).is_file(), f"{module}: its tests should be in {where}"
        assert not mirror_of(module).is_file(), f"{module} has tests of its own now: drop its line in ELSEWHERE"
    else:
        assert mirror_of(module).is_file(), f"{module} has no {mirror_of(module).relative_to(ROOT)}"


def test_the_list_of_exceptions_is_current():
    assert {str(module) for module in modules()} >= ELSEWHERE.keys()


def test_each_folder_of_tests_is_a_package():
    folders = {path.parent for path in files() if path.parts[0] == "tests" and path.suffix == ".py"}
    assert [str(folder) for folder in sorted(folders) if not (ROOT / folder / "__init__.py").is_file()] == []
