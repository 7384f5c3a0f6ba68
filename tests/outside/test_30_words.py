"""One sentence first, then a line for each layer in words that a layman knows, within 80 columns."""

import re

import pytest

from tests.end_to_end.attackers import strip
from tests.outside.asking import ask
from tests.outside.forgeries import build_maker, sign
from tests.sites import encode, photograph

JARGON = re.compile(r"c2pa\b|x\.509|pdq|tlog|sha-?256|fingerprint|gb45438|\bbits\b|urn:", re.IGNORECASE)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site, a picture, and its release."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "coffee.jpg").write_bytes(encode(photograph(side=320)))
    told = ask(folder / "home", "release", folder / "coffee.jpg", "-o", folder / "released.jpg", "--json")
    assert told.code == 0, told.out
    return folder


def test_one_sentence_then_a_line_for_each_layer(site):
    lines = ask(site / "home", "verify", site / "released.jpg").out.splitlines()
    assert " ".join(lines[1:3]).startswith("This file was released here and has not been changed since:")
    assert all(len(line) <= 80 for line in lines)
    rows = [line for line in lines if line.startswith("  ") and line[2] != " "]
    assert [row[2:18].strip() for row in rows] == [
        "signed manifest", "signed by", "its signer says", "hidden mark", "looks", "unsigned label", "our ledger",
    ]  # fmt: skip
    assert not [row for row in lines[1:] if JARGON.search(row)]


def test_the_rest_is_a_flag_away(site):
    shown = ask(site / "home", "verify", site / "released.jpg", "--detailed").out
    assert all(len(line) <= 80 for line in shown.splitlines())
    words = " ".join(shown.split())
    for technique in ("c2pa 2.4", "x.509 trust list", "org.chopmark.tile.2", "pdq", "c2sp tlog-proof"):
        assert technique in words


def test_an_unmarked_original_looks_like_its_release_and_was_not_stripped(site):
    told = ask(site / "home", "verify", site / "coffee.jpg")
    assert told.code == 0
    assert told.out.splitlines()[0].endswith("coffee.jpg looks like release")
    assert "This picture looks like one that was released here" in told.words
    assert "stripped" not in told.out
    assert ask(site / "home", "verify", site / "coffee.jpg", "--json").result["state"] == "looks_like_release"


def test_a_stripped_copy_is_led_back(site):
    path = site / "stripped.jpg"
    path.write_bytes(strip((site / "released.jpg").read_bytes()))
    told = ask(site / "home", "verify", path, "--json")
    assert told.result["state"] == "stripped_recovered_by_watermark"


def test_a_photograph_of_24_megapixels_is_looked_at(site):
    path = site / "large.jpg"
    path.write_bytes(encode(photograph("rocket.jpg").resize((6000, 4000)), quality=60))
    told = ask(site / "home", "verify", path, "--json")
    assert (told.code, told.result["state"]) == (1, "none_found")
    assert told.layer("watermark")["status"] == "absent"
    assert told.layer("fingerprint")["status"] == "absent"


def test_names_of_any_script_and_length_fit(site):
    path = site / f"{'山田　太郎' * 12}.jpg"
    path.write_bytes(sign(build_maker(), encode(photograph("rocket.jpg", 256)), title="山田" * 60))
    for flags in ((), ("--detailed",)):
        shown = ask(site / "home", "verify", path, *flags).out
        assert "manifest untrusted" in " ".join(shown.split())
