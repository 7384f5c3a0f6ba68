import pytest

from detectors.cards import CARDS_DIR, load_card
from policies.rules.vocabulary import (
    ASSET_FACTS,
    ASSET_FIELDS,
    CATEGORIES,
    SIGNAL_FIELDS,
    TEXT_BYTES,
    VENDOR_CATEGORY,
    known_detectors,
)
from provenance.asset import Asset


def test_known_detectors_are_those_of_the_plugin_table():
    assert {"prompt", "clip", "nsfw", "nudity", "copyright", "incoming_marks"} <= known_detectors()


@pytest.mark.parametrize("path", sorted(CARDS_DIR.glob("*.toml")), ids=lambda path: path.stem)
def test_every_category_of_a_built_in_card_is_in_the_vocabulary(path):
    assert set(load_card(path.stem).categories) <= CATEGORIES


def test_fields_that_conditions_read_exist():
    assert set(ASSET_FIELDS) <= {*Asset.__slots__, *ASSET_FACTS, TEXT_BYTES}
    assert SIGNAL_FIELDS == ("evidence", "scores", "status")


@pytest.mark.parametrize("name", ["acme.logo", "a1.b_2"])
def test_vendor_categories_are_namespaced(name):
    assert VENDOR_CATEGORY.fullmatch(name)


@pytest.mark.parametrize("name", ["logo", "prompt.logo", "Acme.logo", "acme.", "acme.logo.x", "acme logo.x"])
def test_other_names_are_no_vendor_categories(name):
    assert not VENDOR_CATEGORY.fullmatch(name)
