"""What falls is told, whichever way it is counted, and what is no longer measured is told too."""

import tomllib

import pytest

from bench.guard import COPIED, EDITS, FIGURES, HARMLESS, Figure, compare, find_folder, lay_strip, write

FOUND, HELD = Figure("found", 9, 10, is_least=True), Figure("held", 1, 10, is_least=False)


@pytest.mark.parametrize(
    ("figures", "fell"),
    [
        ([FOUND, HELD], []),
        ([Figure("found", 10, 10, is_least=True), Figure("held", 0, 10, is_least=False)], []),
        ([Figure("found", 8, 10, is_least=True), HELD], ["found"]),
        ([FOUND, Figure("held", 2, 10, is_least=False)], ["held"]),
        ([Figure("found", 18, 20, is_least=True), HELD], ["found"]),
        ([FOUND], ["held"]),
        ([FOUND, HELD, Figure("new", 1, 1, is_least=True)], ["new"]),
        ([FOUND, Figure("held", 9, 10, is_least=True)], ["held"]),
    ],
)
def test_a_figure_that_falls_or_is_missing_is_told(figures, fell):
    kept = tomllib.loads(write([FOUND, HELD]))
    assert compare(figures, kept) == fell


def test_what_is_kept_is_what_is_measured_over_pictures_that_are_there():
    kept = tomllib.loads(FIGURES.read_text(encoding="utf-8"))
    assert kept["copies found"]["of"] == len(COPIED) * len(EDITS)
    assert kept["harmless photographs held"] == {"most": 0, "of": len(HARMLESS)}
    assert kept["strips blocked"]["most"] == 0
    folder = find_folder()
    assert [name for name in HARMLESS if not (folder / name).is_file()] == []
    assert lay_strip(folder, COPIED[0]).size == lay_strip(folder, COPIED[1]).size
