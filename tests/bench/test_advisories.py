"""What is known of pinned versions: an advisory fails, what nobody was asked about is never called clean."""

import json

import pytest

from bench.advisories import PINS, Standing, hold, keep, main, read_pins

REPORT = {
    "dependencies": [
        {"name": "Idna", "version": "3.6", "vulns": [{"id": "PYSEC-2024-60", "fix_versions": ["3.7"], "aliases": []}]},
        {"name": "pillow", "version": "13.0.0", "vulns": []},
        {"name": "local", "skip_reason": "Dependency not found on PyPI"},
    ],
    "fixes": [],
}


def test_each_pin_has_one_standing():
    held = hold({"idna": "3.6", "pillow": "13.0.0", "local": "1"}, keep(REPORT, "2026-11-30"))
    assert held.asked_on == "2026-11-30"
    assert {standing: held.of(standing) for standing in Standing} == {
        Standing.WEAK: ["idna==3.6"],
        Standing.CLEAN: ["pillow==13.0.0"],
        Standing.UNASKED: ["local==1"],
    }
    assert held.advisories == {"idna==3.6": ("PYSEC-2024-60, mended in 3.7",)}


@pytest.mark.parametrize(
    ("pins", "code", "says"),
    [
        ("pillow==13.0.0\n", 0, "1 of 1 pinned packages clean on"),
        ("idna==3.6\npillow==13.0.0\n", 1, "idna==3.6: PYSEC-2024-60, mended in 3.7"),
        ("pillow==13.0.1\n", 1, "pillow==13.0.1: nobody was asked about it"),
    ],
)
def test_a_weak_pin_and_one_that_was_raised_since_fail(tmp_path, capsys, pins, code, says):
    (tmp_path / "report.json").write_text(json.dumps(REPORT))
    (tmp_path / "pins.txt").write_text(pins)
    place = tmp_path / "kept.json"
    assert main(["write", str(tmp_path / "report.json")], tmp_path / "pins.txt", place) == code
    assert main([], tmp_path / "pins.txt", place) == code
    assert says in capsys.readouterr().out


def test_where_nothing_is_kept_nothing_is_called_clean(tmp_path, capsys):
    (tmp_path / "pins.txt").write_text("pillow==13.0.0\n")
    assert main([], tmp_path / "pins.txt", tmp_path / "none.json") == 0
    told = capsys.readouterr().out
    assert "nobody was asked about 1 pinned packages" in told
    assert "clean" not in told


def test_an_answer_about_nothing_is_not_kept():
    with pytest.raises(ValueError, match="no index was reached"):
        keep({"dependencies": [{"name": "local", "skip_reason": "Dependency not found on PyPI"}]}, "2026-11-30")


def test_pins_are_read_from_what_is_installed_and_from_hashes():
    pins = read_pins(PINS.read_text("utf-8"))
    assert len(pins) > 100
    assert read_pins("Foo_Bar==1.0 \\\n    --hash=sha256:00\n# baz==2\nqux==3 ; python_version > '3'\n") == {
        "foo-bar": "1.0",
        "qux": "3",
    }
