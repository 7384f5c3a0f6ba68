"""What was tampered with inside an ingredient is said, exits 3, and is held."""

import pytest

from tests.outside.asking import ask, fixture
from tests.outside.forgeries import build_maker, exchange, sign
from tests.outside.test_11_places import sign_apart
from tests.sites import encode, photograph

MAKER = build_maker()
BEFORE, AFTER = b"Vendor Studio", b"Vendor Studix"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("site") / "home"


@pytest.fixture(scope="module")
def good():
    return sign(MAKER)


def write(folder, data):
    path = folder / "picture.jpg"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("relation", ["parent", "component"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_tampered_ingredient_is_a_state_of_its_own(relation, when, good, home, tmp_path):
    """Tampered with before it was taken in, as its taker recorded, or afterwards inside the file."""
    other = encode(photograph("rocket.jpg", 256))
    if when == "before":
        data = sign(MAKER, other, **{relation: exchange(good, BEFORE, AFTER)})
    else:
        data = exchange(sign(MAKER, other, **{relation: good}), BEFORE, AFTER)
    told = ask(home, "verify", write(tmp_path, data), "--json")
    assert told.code == 3
    assert told.result["state"] == "ingredient_broken"
    (branch,) = told.layer("manifest_integrity")["detail"]["ingredients"]
    assert (branch["title"], branch["state"]) == (f"{relation}.jpg", "broken")
    assert branch["relationship"] == ("parentOf" if relation == "parent" else "componentOf")
    assert "claimSignature.mismatch" in branch["failure_codes"]


def test_the_tree_is_nested_and_each_has_its_own_validity(good, home, tmp_path):
    middle = sign(MAKER, encode(photograph("chelsea.png", 256)), component=exchange(good, BEFORE, AFTER))
    data = sign(MAKER, encode(photograph("rocket.jpg", 256)), parent=middle)
    path = write(tmp_path, data)
    (branch,) = ask(home, "verify", path, "--json").layer("manifest_integrity")["detail"]["ingredients"]
    assert (branch["title"], branch["state"]) == ("parent.jpg", "intact")
    (twig,) = branch["ingredients"]
    assert (twig["title"], twig["state"], twig["ingredients"]) == ("component.jpg", "broken", [])
    told = ask(home, "verify", path)
    assert "something that it was made from carries a manifest that does not hold" in told.words
    assert "component.jpg, whose manifest does not hold" in told.words
    shown = ask(home, "verify", path, "--detailed").out.splitlines()
    (outer,) = (line for line in shown if "parentOf · parent.jpg · intact" in line)
    (inner,) = (line for line in shown if "componentOf · component.jpg · broken" in line)
    assert inner.index("componentOf") > outer.index("parentOf")


def test_sound_ingredients_are_no_fault(good, home, tmp_path):
    data = sign(MAKER, encode(photograph("rocket.jpg", 256)), parent=good)
    told = ask(home, "verify", write(tmp_path, data), "--json")
    assert (told.code, told.result["state"]) == (0, "manifest_untrusted")
    (branch,) = told.layer("manifest_integrity")["detail"]["ingredients"]
    assert branch["state"] == "intact"


def test_an_ingredient_whose_manifest_is_kept_elsewhere_is_not_called_broken(home, tmp_path):
    """Nobody could look at it when it was taken in: that is no fault of it."""
    away, _ = sign_apart(encode(photograph("rocket.jpg", 256)), "https://manifests.example/store")
    path = write(tmp_path, sign(MAKER, component=away))
    told = ask(home, "verify", path, "--json")
    assert (told.code, told.result["state"]) == (0, "manifest_untrusted")
    (branch,) = told.layer("manifest_integrity")["detail"]["ingredients"]
    assert (branch["state"], branch["failure_codes"]) == ("elsewhere", [])
    assert "component.jpg, whose manifest is kept elsewhere and was not looked at" in ask(home, "verify", path).words


@pytest.mark.parametrize("name", ["CIE-sig-CA.jpg", "CACAE-uri-CA.jpg"])
def test_public_files(name, home):
    told = ask(home, "verify", fixture(name), "--json")
    assert (told.code, told.result["state"]) == (3, "ingredient_broken")


def test_it_is_held_by_a_rule(good, home, tmp_path):
    data = exchange(sign(MAKER, encode(photograph("rocket.jpg", 256)), parent=good), BEFORE, AFTER)
    told = ask(home, "release", write(tmp_path, data), "--json")
    assert told.results[0]["outcome"] == "held"
    assert "incoming_broken_ingredient" in told.out
