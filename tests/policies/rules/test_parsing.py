"""The golden files hold the text of every problem; write them anew with CHOPMARK_WRITE_GOLDEN=1 and read the diff."""

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.rules.decision import Outcome
from policies.rules.pack import Source, Threshold
from policies.rules.parsing import parse_pack
from provenance.asset import sha256_hex
from provenance.errors import PackInvalidError
from provenance.grant import MarkKind
from tests.policies.samples import DETECTORS, PATIENT

GOLDEN = Path(__file__).parent / "golden"
BROKEN = sorted(path.stem for path in GOLDEN.glob("*.yaml") if path.stem != "valid")


def problems_of(content, file="p.yaml"):
    with pytest.raises(PackInvalidError) as caught:
        parse_pack(content, file=file, detectors=DETECTORS)
    return caught.value.problems


@pytest.mark.parametrize("name", BROKEN)
def test_every_problem_is_reported_at_its_place(name):
    found = "\n".join(problems_of((GOLDEN / f"{name}.yaml").read_bytes(), f"{name}.yaml")) + "\n"
    expected = GOLDEN / f"{name}.txt"
    if os.environ.get("CHOPMARK_WRITE_GOLDEN"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_a_valid_pack_has_all_its_parts():
    content = (GOLDEN / "valid.yaml").read_bytes()
    made = parse_pack(content, file="some/folder/valid.yaml", detectors=DETECTORS)
    assert made.sha256 == sha256_hex(content)
    assert (made.name, made.version, made.title, made.jurisdiction) == (
        "valid",
        "1.2.3",
        "A pack with every part",
        "eu",
    )
    assert made.description == "Folded over two lines."
    assert (made.effective_from, made.effective_until) == (date(2026, 1, 1), date(2027, 1, 1))
    assert made.sources == (Source("House", "House rules", "docs/policies.md"),)
    assert [(item.detector, item.not_applicable) for item in made.requires] == [("prompt", True)]
    assert made.thresholds == (
        Threshold("nsfw", 0.5, 1.0, "House 2", "too much"),
        Threshold("acme.logo", None, 0.9, "House 2", "a logo"),
    )
    (rule,) = made.rules
    assert (rule.id, rule.outcome, rule.clause, rule.text) == ("logo", Outcome.BLOCK, "House 3", "both")
    (demand,) = made.obligations
    assert (demand.mark, demand.required) == (MarkKind.EXPLICIT_LABEL, False)
    assert demand.parameters == {"text": "AI生成", "min_height_ratio": 0.05, "corner": "top_left"}
    assert demand.when.text == "!context.explicit_label_waived"


def test_the_same_bytes_are_the_same_pack_and_one_byte_more_is_another():
    content = (GOLDEN / "valid.yaml").read_bytes()
    made = parse_pack(content, file="valid.yaml", detectors=DETECTORS)
    assert made == parse_pack(content, file="valid.yaml", detectors=DETECTORS)
    assert made.sha256 != parse_pack(content + b"\n", file="valid.yaml", detectors=DETECTORS).sha256


def test_detectors_are_the_installed_ones_by_default():
    content = (GOLDEN / "valid.yaml").read_bytes()
    assert parse_pack(content, file="valid.yaml").name == "valid"
    found = problems_of(content.replace(b"detector: prompt", b"detector: acme"), "valid.yaml")
    assert "unknown detector 'acme'" in found[0]
    assert parse_pack(content.replace(b"detector: prompt", b"detector: acme"), file="valid.yaml", detectors=["acme"])


LINES = (GOLDEN / "valid.yaml").read_text(encoding="utf-8").splitlines()


def outcome_of(content):
    """Return the problems that a file has, none when it is a pack."""
    try:
        made = parse_pack(content, file="valid.yaml", detectors=DETECTORS)
    except PackInvalidError as exc:
        return exc.problems
    assert made.thresholds or made.rules
    return ()


@PATIENT
@given(st.lists(st.sampled_from(LINES), max_size=len(LINES)), st.integers(0, 40), st.text(max_size=10))
def test_any_mix_of_lines_is_a_pack_or_refused_with_places(lines, at, noise):
    content = "\n".join([*lines[:at], noise, *lines[at:]]).encode(errors="replace")
    assert all(problem.startswith("valid.yaml:") for problem in outcome_of(content))


@pytest.mark.parametrize("index", range(len(LINES)))
def test_leaving_out_any_line_is_a_pack_or_refused_with_places(index):
    content = "\n".join([*LINES[:index], *LINES[index + 1 :]]).encode()
    assert all(problem.startswith("valid.yaml:") for problem in outcome_of(content))


@PATIENT
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(content):
    assert outcome_of(content)
