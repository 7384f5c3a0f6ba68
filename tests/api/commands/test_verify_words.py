"""What a person reads, from the answer alone: words for every layer, at 80 columns, and nothing raw of strangers."""

import pytest

from api.commands.verify_words import LABELS, show_verification, spell
from api.console import OUT
from provenance.manifests.report import (
    IdentityReport,
    IngredientReport,
    Integrity,
    ManifestReport,
    TimestampReport,
    Trust,
    ValidationState,
)
from provenance.verify.layers import describe_identity, describe_integrity, describe_trust
from provenance.verify.state import SUMMARIES, JointState, Layer, LayerStatus, Verification

LONG = "an uncommonly long name of an authority that keeps the time for everybody who asks it nicely"


@pytest.fixture(autouse=True)
def _narrow(monkeypatch):
    monkeypatch.setattr(OUT, "_width", 80)


def answer(state=JointState.INGREDIENT_BROKEN, title="source.jpg", signer="Ann"):
    report = ManifestReport(
        ValidationState.VALID, Integrity.OK, Trust.TRUSTED, signer=signer, issuer="An issuer", manifest_id="urn:c2pa:1",
        timestamp=TimestampReport("2024-08-06T21:53:37+00:00", LONG, is_trusted=False), actions=("c2pa.created",),
        ingredients=(IngredientReport("x", title, "", "parentOf", True, "", ("assertion.missing",)),),
        ingredient_codes=("assertion.missing",),
    )  # fmt: skip
    identity = IdentityReport("Bob", "", "cawg.x509.cose", is_verified=False, is_trusted=False)
    layers = (
        describe_integrity(report, None), describe_trust(report, is_recovered=False), describe_identity(identity),
        Layer("watermark", "x.1", LayerStatus.ABSENT, "no mark under our keys"),
    )  # fmt: skip
    return Verification(state, layers, None, "urn:c2pa:1", SUMMARIES[state], remarks=("1 byte follows the picture",))


def test_a_person_reads_one_sentence_and_a_line_for_each_layer(capsys):
    show_verification("a.jpg", answer(), "", is_detailed=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "a.jpg ingredient broken"
    assert " ".join(lines[1:4]).startswith(SUMMARIES[JointState.INGREDIENT_BROKEN][:60])
    assert all(len(line) <= 80 and line == line.rstrip() for line in lines)
    said = " ".join(" ".join(lines).split())
    for words in (
        "signed by Ann (An issuer), whose certificate we trust, on 2024-08-06 21:53 UTC", "whose clock we do not know",
        "its signer says steps: created", "vouched for by Bob; not verified", "besides 1 byte follows the picture",
        "made from source.jpg, whose manifest does not hold",
    ):  # fmt: skip
        assert words in said
    assert "assertion.missing" not in said


def test_an_expert_reads_techniques_codes_and_the_tree(capsys):
    show_verification("a.jpg", answer(), "", is_detailed=True)
    shown = capsys.readouterr().out
    assert all(len(line) <= 80 for line in shown.splitlines())
    said = " ".join(shown.split())
    for words in ("c2pa 2.4", "x.509 trust list", "cawg.x509.cose", "urn:c2pa:1", "assertion.missing", "not checked",
                  "parentOf · source.jpg · broken: assertion.missing", "untrusted"):  # fmt: skip
        assert words in said


@pytest.mark.parametrize("is_detailed", [False, True])
def test_nothing_of_strangers_is_raw(capsys, is_detailed):
    bad = "\x1b[2J\u202e\x9bm[red]x"
    show_verification(bad, answer(title=bad, signer=bad), "", is_detailed=is_detailed)
    shown = capsys.readouterr().out
    assert not {"\x1b", "\u202e", "\x9b"} & set(shown)


def test_every_layer_has_a_label_and_names_are_words():
    assert {"manifest_integrity", "manifest_trust", "manifest_identity", "watermark", "ledger"} <= set(LABELS)
    assert spell("manifest_trust") == "manifest trust"
