import re
from dataclasses import replace

import pytest

from api.desk.answer import build_answer, find_tone, tell_source
from api.desk.language import LANGUAGES, load_words
from provenance.labels.implicit import FoundLabels
from provenance.manifests.report import (
    IPTC_PREFIX,
    Fault,
    IdentityReport,
    Integrity,
    ManifestReport,
    Trust,
    ValidationState,
)
from provenance.manifests.wording import SOURCE_WORDS
from provenance.media.medium import Comparison
from provenance.verify.layers import (
    describe_identity,
    describe_integrity,
    describe_labels,
    describe_likeness,
    describe_mark,
    describe_nowhere,
    describe_trust,
    describe_unseen,
)
from provenance.verify.state import (
    APART,
    CONFLICTS,
    MANIFEST_ONLY,
    SUMMARIES,
    UNCOMPARED,
    JointState,
    Layer,
    LayerStatus,
    Verification,
)
from provenance.watermarks.base import Reading
from provenance.works.record import ReleaseMatch

EN, ZH = load_words("en"), load_words("zh")
HAN = re.compile(r"[\u4e00-\u9fff]")
RELEASE = ReleaseMatch("asset-1", "pdq", "plain", 3, 31)
READING = Reading("tile", "org.chopmark.tile.1", 7, "key", 1e-9)
PROVED = Layer("ledger", "c2sp", LayerStatus.FOUND, "entry 3", {"index": 3, "size": 9}, "recorded as release asset-1")


def report(**changes):
    given = {"validation_state": ValidationState.VALID, "integrity": Integrity.OK, "trust": Trust.TRUSTED}
    return ManifestReport(**{**given, "manifest_id": "m", "signer": "A <b>", "issuer": "CA", **changes})


def verification(state=JointState.NONE_FOUND, summary=None, **layers):
    made = {
        "manifest_integrity": describe_integrity(None, None),
        "manifest_trust": describe_trust(None, is_recovered=False),
        "watermark": Layer("watermark", "tile", LayerStatus.ABSENT, "no mark", plain="none of ours"),
        "fingerprint": describe_likeness("pdq", (), None),
        "implicit_label": describe_labels(FoundLabels()),
        "ledger": describe_nowhere("c2sp"),
        **layers,
    }
    return Verification(state, tuple(made.values()), None, "", summary or SUMMARIES[state])


def said(found, name, words=EN):
    return next(row.text for row in build_answer(words, found).rows if row.name == name)


def test_english_says_what_the_command_line_says():
    for state in JointState:
        assert EN.tell(f"verify.text.{state.value}") == SUMMARIES[state]
    assert EN.tell("verify.text.uncompared") == UNCOMPARED
    for state, text in APART.items():
        assert EN.tell(f"verify.text.{state.value}_apart") == text
    assert {name: EN.tell(f"verify.source.{name}") for name in SOURCE_WORDS} == SOURCE_WORDS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_has_a_name_a_sentence_and_a_colour(language):
    words = load_words(language)
    for state in JointState:
        answer = build_answer(words, verification(state))
        assert answer.text
        assert words.name("verify.state", answer.state) != answer.state
        assert answer.tone == find_tone(state, is_conflict=state in CONFLICTS)
        assert language != "zh" or HAN.search(answer.text)
    assert find_tone(JointState.NONE_FOUND, is_conflict=False) == ""
    assert find_tone(JointState.TAMPERED, is_conflict=True) == "bad"


def test_what_is_special_about_a_state_is_said():
    apart = verification(JointState.TAMPERED, APART[JointState.TAMPERED])
    assert build_answer(EN, apart).text == APART[JointState.TAMPERED]
    uncompared = verification(JointState.STRIPPED_RECOVERED_BY_WATERMARK, UNCOMPARED)
    assert build_answer(EN, uncompared).text == UNCOMPARED
    partly = f"{SUMMARIES[JointState.NONE_FOUND]} {MANIFEST_ONLY.format(kind='a video')}"
    assert build_answer(EN, verification(summary=partly)).text.endswith("likenesses are not known.")


@pytest.mark.parametrize(("layer", "text"), [
    (describe_integrity(None, None), "There is none in the file."),
    (describe_integrity(None, report()), "Gone from the file; our own copy was found."),
    (describe_integrity(report(is_embedded=True), None), "Nothing was changed since it was signed."),
    (describe_integrity(report(is_embedded=False), None),
     "Kept beside the file, not in it; nothing was changed since it was signed."),
    (describe_integrity(report(integrity=Integrity.FAILED, fault=Fault.BROKEN), None),
     "It is incomplete, or contradicts itself."),
    (describe_trust(None, is_recovered=False), "There is none to judge."),
    (describe_trust(report(), is_recovered=False), "A <b> (CA), whose certificate we trust."),
    (describe_trust(report(signer="", issuer="", trust=Trust.UNTRUSTED), is_recovered=False),
     "somebody unnamed, whom we do not know."),
    (describe_trust(report(integrity=Integrity.FAILED, is_signature_intact=False), is_recovered=False),
     "It names A <b> (CA); but the signature does not hold, so it may not be theirs."),
    (describe_mark(READING, "asset-1", Comparison(agrees=True, distance_bits=2)), "It leads to our release asset-1."),
    (describe_mark(READING, "asset-1", Comparison(agrees=False, distance_bits=99)),
     "It leads to our release asset-1, which is another picture."),
    (describe_mark(READING, None, Comparison()), "One of ours, but no record of it is here."),
    (describe_mark(replace(READING, box=(0, 64, 128, 256)), "asset-1", Comparison(), [(READING, "asset-2")]),
     ("It leads to our release asset-1. The mark lies from 0, 64 to 128, 256 (pixels from the upper left). "
     "Another mark all over the picture leads to our release asset-2.")),
    (describe_unseen("watermark", "tile"), "What it shows or says was not looked at."),
    (describe_likeness("pdq", None, None), "There is too little in it to compare."),
    (describe_likeness("pdq", (), None), "It looks like nothing released here."),
    (describe_likeness("pdq", (RELEASE,), RELEASE), "It looks like our release asset-1."),
    (describe_likeness("pdq", (RELEASE, ReleaseMatch("b", "pdq", "plain", 4, 31)), RELEASE),
     "It looks like our release asset-1 and 1 more."),
    (describe_labels(FoundLabels()), "None in the file."),
    (describe_nowhere("c2sp"), "There was nothing to look up."),
    (PROVED, "Recorded as release asset-1, entry 3, and proved."),
    (Layer("ledger", "c2sp", LayerStatus.FAILED, "x"), "A record leads here, but the ledger does not prove it."),
])  # fmt: skip
def test_each_layer_is_told_in_both_languages(layer, text):
    found = verification(**{layer.name: layer})
    assert said(found, layer.name) == text
    assert HAN.search(said(found, layer.name, ZH))


def test_who_signed_and_what_they_say_is_listed():
    facts = dict(build_answer(EN, verification(manifest_trust=describe_trust(report(), is_recovered=False))).signer)
    assert facts["signed_by"] == "A <b>"
    assert facts["known"] == "Yes, on our lists"
    assert facts["signed_at"] == "No time-stamp tells"
    assert build_answer(EN, verification()).signer == ()


def test_who_vouches_is_told():
    unverified = IdentityReport(
        name="B", issuer="", kind="cawg.x509.cose", is_verified=False, is_trusted=False, codes=()
    )
    layer = describe_identity(unverified)
    found = verification()
    found = Verification(found.state, (*found.layers, layer), None, "", found.summary)
    assert said(found, "manifest_identity") == "B; what was said of them was not verified."


def test_what_nobody_looked_at_is_listed():
    answer = build_answer(EN, verification(fingerprint=describe_likeness("pdq", None, None)))
    assert any("too little" in line for line in answer.unchecked)
    assert any("Whether the picture shows what happened" in line for line in answer.unchecked)
    unseen = {name: describe_unseen(name, "x") for name in ("watermark", "fingerprint", "implicit_label")}
    assert any("only its manifest was read" in line for line in build_answer(EN, verification(**unseen)).unchecked)


def test_a_source_type_without_a_word_stands_as_it_is():
    assert tell_source(ZH, f"{IPTC_PREFIX}digitalCapture") == "用数码相机拍摄"
    assert tell_source(EN, "https://example.com/own") == "https://example.com/own"
