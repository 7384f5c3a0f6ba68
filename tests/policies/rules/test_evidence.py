import json
from types import SimpleNamespace

import pytest

from detectors.base import Signal, Status
from detectors.concept_bank import load_concept_bank
from detectors.prompt import PromptDetector
from detectors.term_bank import load_term_bank
from policies.rules.evidence import find_evidence
from policies.rules.explanation import what_if
from policies.rules.loader import builtin_packs

PACKS = [pack for pack in builtin_packs() if pack.name == "baseline"]
PROMPT = "an old soldier aims a loaded pistol at the door"


def found(*signals, prompt=None):
    return find_evidence(signals, what_if(signals, PACKS), prompt)


def signal(detector, scores=None, *evidence):
    return Signal(detector, "v1", Status.OK, scores or {}, evidence)


def test_words_of_the_prompt_and_their_place():
    answer = PromptDetector(SimpleNamespace(options={}, enabled=frozenset())).detect_prompt(PROMPT)
    item = found(answer, prompt=PROMPT)[0]
    assert item.detector == "prompt"
    assert PROMPT[item.start : item.end] == item.words
    assert "pistol" in item.words
    assert f'"{item.words}" at characters {item.start} to {item.end}' in item.text
    assert (item.category, item.score, item.counts) == ("prompt.weapons", answer.scores["prompt.weapons"], True)
    assert item.score >= item.limit


def test_without_the_prompt_the_listed_term_and_its_place():
    term = next(one for one in load_term_bank().terms.values() if one.category == "weapons" and one.grade)
    record = {"term": term.id, "category": "weapons", "grade": "hold", "start": 3, "end": 9}
    (item,) = found(signal("prompt", {"prompt.weapons": 0.6}, record))
    assert (item.words, item.nearest) == ("", term.text)
    assert f'"{term.text}" at characters 3 to 9, listed as weapons' in item.text


def test_the_nearest_concept_of_a_likeness():
    bank = load_concept_bank("prompts")
    concept = next(one for one in bank.concepts if one.category == "drugs")
    record = {"likeness": 1, "category": "drugs", "raw": 0.3, "start": 0, "end": 12, "score": 0.7, "model": "abc"}
    (item,) = found(signal("prompt", {"prompt.drugs": 0.7}, record), prompt="white powder on a table")
    assert (item.words, item.nearest) == ("white powder", concept.positive[1])
    assert f'"white powder" at characters 0 to 12 means something like "{concept.positive[1]}" (drugs)' == item.text
    assert "abc" in item.model


def test_the_matched_work_and_how_near_it_is():
    match = {
        "work_id": "w-1", "title": "Cat", "owner": "Ada", "bank": "works", "action": "block", "alg": "pdq",
        "variant": "mirrored_plain", "distance_bits": 4, "threshold_bits": 31, "code": "00", "suppressed_by": None,
        "second_opinion": {"alg": "phash", "distance_bits": 2, "threshold_bits": 10, "agrees": True},
    }  # fmt: skip
    (item,) = found(signal("copyright", {"copyright_block": 1.0}, {"match": match}))
    assert item.work_id == "w-1"
    assert item.counts
    assert item.text == (
        'like work w-1, "Cat" of Ada in bank works, mirrored plain: pdq 4 of at most 31 bits; phash 2 bits, agrees'
    )


def test_a_code_its_place_and_what_worries():
    record = {"code": "QR Code", "sort": "link", "says": "http://a.example/x", "length": 18, "worries": ["not https"],
              "score": 0.6, "box": [0.1, 0.2, 0.3, 0.456], "view": "as it is"}  # fmt: skip
    (item,) = found(signal("codes", {"codes_hazard": 0.6}, record))
    assert item.text == "QR Code at 10% to 30% across and 20% to 46% down: link to http://a.example/x (not https)"
    assert (item.category, item.score, item.limit, item.counts) == ("codes_hazard", 0.6, 0.5, True)


def test_what_is_written_is_told_by_kind_and_place_alone():
    term = next(one for one in load_term_bank().terms.values() if one.category == "drugs" and one.grade)
    box = [0.1, 0.2, 0.3, 0.4]
    records = (
        {"lines": 3, "unread": 0.25},
        {"category": "personal.payment_card", "personal": "visa", "score": 0.95, "box": box},
        {"category": "documents", "document": "machine-readable zone", "score": 0.95, "box": box},
        {"category": "written.drugs", "written": term.id, "score": 0.6, "box": box},
    )
    scores = {"personal.payment_card": 0.95, "documents": 0.95, "written.drugs": 0.6, "written.unread": 0.25}
    texts = {item.category: (item.text, item.counts) for item in found(signal("ocr", scores, *records))}
    where = "at 10% to 30% across and 20% to 40% down"
    assert texts["personal.payment_card"] == (f"payment card (visa) {where}", True)
    assert texts["documents"] == (f"an identity document {where}: machine-readable zone", True)
    assert texts["written.drugs"] == (f'"{term.text}" is written {where}', True)
    assert texts["written.unread"] == ("3 lines of writing, and 25% more that was too much to read", False)


def test_personal_data_of_a_prompt_is_told_by_its_place():
    record = {"category": "personal.payment_card", "personal": "visa", "score": 0.95, "start": 5, "end": 24}
    (item,) = found(signal("personal", {"personal.payment_card": 0.95}, record), prompt="card 4111 1111 1111 1111")
    assert item.text == "payment card (visa) at characters 5 to 24"
    assert (item.start, item.end, item.words, item.counts) == (5, 24, "", True)


def test_faces_and_where_they_are():
    records = (
        {"faces": 2, "largest": 0.1234, "view": "as it is"},
        {"face": 0.9, "box": [0, 0, 0.5, 0.5], "share": 0.1234},
    )
    summary, face = found(signal("faces", {"faces": 0.9, "faces_large": 0.1234}, *records))
    assert summary.text == "2 faces, the largest 12.3% of the picture"
    assert face.text == "a face at 0% to 50% across and 0% to 50% down, 12.3% of the picture"
    assert face.score == 0.9
    (nobody,) = found(signal("faces", {"faces": 0.0}, {"faces": 0, "largest": 0.0, "view": "as it is"}))
    assert nobody.text == "0 faces"


@pytest.mark.parametrize(
    ("witness", "told"),
    [
        ({"agrees": True, "other_lettering": 0.1, "lettering_limit": 0.25}, "31 bits"),
        (
            {"agrees": False, "other_lettering": 0.48, "lettering_limit": 0.25},
            "a second look doubts it: 48.0% of the work's lettering is another, limit 25.0%",
        ),
        (
            {
                "agrees": False,
                "other_structure": 0.001,
                "structure_limit": 0.002,
                "other_colour": 0.09,
                "colour_limit": 0.006,
            },
            "a second look doubts it: 9.0% of the picture, by colour, is another, limit 0.6%",
        ),
        (
            {"agrees": False, "other_surface": 0.81, "surface_limit": 0.5},
            "a second look doubts it: 81.0% of what both could show is another, limit 50.0%",
        ),
        ({"agrees": False}, "a second look doubts it: no reference was kept"),
    ],
)
def test_why_a_near_work_does_not_block(witness, told):
    match = {"work_id": "w", "title": "Cat", "owner": "Ada", "bank": "works", "action": "hold", "alg": "pdq"}
    match |= {"variant": "plain", "distance_bits": 4, "threshold_bits": 31, "code": "", "witness": witness}
    (item,) = found(signal("copyright", {"copyright_hold": 1.0}, {"match": match}))
    assert item.text.endswith(told)


def test_a_part_of_a_work_is_told_in_shares():
    overlap = {"shared": 142, "in_part": [0, 0.5, 0.5, 1], "in_whole": [0, 0, 1, 0.5], "is_mirrored": False}
    match = {"work_id": "w", "title": "Cat", "owner": "Ada", "bank": "works", "action": "block", "alg": "copy"}
    match |= {"variant": "plain", "distance_bits": 9, "threshold_bits": 140, "code": "", "overlap": overlap}
    (item,) = found(signal("copyright", {"copyright_block": 1.0}, {"match": match}))
    assert item.text.endswith("shows a part of it, 142 details, 50% of the work in 25% of the picture")


def test_models_name_their_weights_and_limits():
    looks = {"category": "weapons", "by": "photographs", "raw": 0.1, "score": 0.97, "nearest": 0}
    items = found(
        signal("clip", {"weapons": 0.97}, looks, {**looks, "category": "hate", "is_evidence_only": True}),
        signal("nsfw", {"nsfw": 0.93}, {"model": "open_nsfw.onnx", "raw": 0.93, "views": 2}),
    )
    by_category = {item.category: item for item in items}
    concept = next(one for one in load_concept_bank("photographs").concepts if one.category == "weapons")
    assert by_category["weapons"].nearest == concept.positive[0]
    assert "version v1" in by_category["weapons"].model
    assert "evidence and no score" in by_category["hate"].text
    assert (by_category["nsfw"].model, by_category["nsfw"].text) == ("open_nsfw.onnx", "nsfw says 0.930 in 2 views")
    assert by_category["nsfw"].limit is not None


def test_names_of_what_a_photograph_shows():
    names = {"names": [{"name": "revolver", "share": 0.89}, {"name": "holster", "share": 0.04}]}
    items = found(signal("clip", {"weapons": 0.97}, names, {"kind": "photograph", "kinds": {"photograph": 0.93}}))
    assert [item.text for item in items] == ["looks like revolver (89%), holster (4%)", "a photograph (93%)"]
    drawn = {"kind": "photograph", "kinds": {"photograph": 0.6}, "asked_as": ["drawing", "photograph"]}
    assert [item.text for item in found(signal("clip", {}, drawn))] == ["a photograph (60%), asked as a drawing, too"]


@pytest.mark.parametrize(
    "record",
    [
        {"term": 1},
        {"term": "x", "category": "y", "start": "a", "end": 1},
        {"likeness": 10**9, "category": "drugs", "start": 0, "end": 1},
        {"match": {}},
        {"by": "bank"},
        {"model": None},
        {"mark": "iptc", "fields": ["a"]},
    ],
)
def test_evidence_of_another_version_is_shown_as_it_is(record):
    (item,) = found(signal("prompt", {}, record))
    assert item.text == json.dumps(record) or "drugs" in item.text


def test_what_is_said_is_told_with_its_time_and_the_listed_word():
    term = next(one for one in load_term_bank().terms.values() if one.category == "drugs")
    heard = {"words": 12, "heard_s": 4.2, "by": "pocketsphinx en-us"}
    record = {"category": "spoken.drugs", "spoken": term.id, "score": 0.6, "from_s": 3.33, "to_s": 3.78}
    said, summary = found(signal("speech", {"spoken.drugs": 0.6}, heard, record))
    assert summary.text == "pocketsphinx en-us heard 12 words in 4 s of sound"
    assert said.text == f'"{term.text}" is said at 3.3 to 3.8 s'
    assert (said.category, said.score, said.limit, said.counts) == ("spoken.drugs", 0.6, 0.5, True)
