"""Implicit labels in whole files: written without a pixel changed, found again, never two."""

import contextlib
import json
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from provenance.asset import MediaType
from provenance.errors import LabelError
from provenance.labels.aigc import AigcItem, build_aigc
from provenance.labels.implicit import (
    CONTAINERS,
    DIGITAL_SOURCE_TYPES,
    IPTC_NAMES,
    FoundLabels,
    ImplicitLabels,
    IptcFields,
    build_xmp,
    read_labels,
    write_labels,
)
from provenance.labels.xmp import parse_xmp
from tests.provenance.labels import files

CODE = "001191440300708461136T1XGW3"
OURS = ImplicitLabels(
    AigcItem(CODE, "0192-<&>'\""), IptcFields("trainedAlgorithmicMedia", "Chopmark", "0.1.0", "ab" * 32, "Jo <script>")
)
THEIRS = AigcItem("them", "t-1", "2")


def without_xmp_tag(exif):
    """Return EXIF as Pillow sees it, less what labelling adds: TIFF keeps its XMP in the same directory."""
    return {tag: value for tag, value in exif.items() if tag != 700}


@pytest.mark.parametrize("kind", files.KINDS)
@pytest.mark.parametrize("xmp", [None, files.XMP], ids=["bare", "with xmp"])
def test_labels_are_written_and_nothing_else_changes(kind, xmp):
    media_type, data = files.make(kind, xmp=xmp, icc=True)
    written = write_labels(data, media_type, OURS)
    found = read_labels(written, media_type)
    assert found.item == OURS.aigc
    assert found.iptc == OURS.iptc.texts()
    assert found.digital_source_type == "trainedAlgorithmicMedia"
    assert found.places == ("xmp",)
    assert found.problems == ()
    assert found.says_ai
    (mode, before), (mode_after, after) = files.pixels(data), files.pixels(written)
    assert mode == mode_after
    assert np.array_equal(before, after)
    (exif, icc, _), (exif_after, icc_after, xmp_after) = files.info(data), files.info(written)
    assert icc == icc_after is not None
    assert without_xmp_tag(exif) == without_xmp_tag(exif_after)
    assert (b"kept" in xmp_after if isinstance(xmp_after, bytes) else "kept" in xmp_after) == (xmp is not None)


@pytest.mark.parametrize("kind", files.KINDS)
def test_writing_again_leaves_one_item(kind):
    media_type, data = files.make(kind)
    once = write_labels(data, media_type, OURS)
    twice = write_labels(once, media_type, OURS)
    assert read_labels(twice, media_type) == read_labels(once, media_type)
    assert twice.count(b"0192-") == 1
    assert np.array_equal(files.pixels(twice)[1], files.pixels(data)[1])


@pytest.mark.parametrize("kind", files.KINDS)
def test_an_item_of_another_producer_is_updated(kind):
    media_type, data = files.make(kind)
    theirs = write_labels(data, media_type, ImplicitLabels(THEIRS))
    found = read_labels(write_labels(theirs, media_type, OURS), media_type)
    assert len(found.aigc) == 1
    assert found.item == AigcItem("them", "t-1", "2", "", CODE, OURS.aigc.produce_id)


def png_with(*chunks):
    _, data = files.make("png")
    ours = b"".join(
        len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big") for kind, body in chunks
    )
    return data[:33] + ours + data[33:]


ITEM = build_aigc(THEIRS)
PNG_FORMS = {
    "text": (b"tEXt", b"AIGC\x00" + ITEM.encode()),
    "compressed text": (b"zTXt", b"AIGC\x00\x00" + zlib.compress(ITEM.encode())),
    "international text": (b"iTXt", b"AIGC\x00\x00\x00\x00\x00" + ITEM.encode()),
    "compressed international text": (b"iTXt", b"AIGC\x00\x01\x00zh\x00\x00" + zlib.compress(ITEM.encode())),
}


@pytest.mark.parametrize("form", PNG_FORMS)
def test_png_text_items_are_found_and_moved_into_xmp(form):
    data = png_with(PNG_FORMS[form])
    found = read_labels(data, MediaType.PNG)
    assert (found.item, found.places) == (THEIRS, ("png text",))
    moved = read_labels(write_labels(data, MediaType.PNG, OURS), MediaType.PNG)
    assert [(one.place, one.item.content_producer, one.item.content_propagator) for one in moved.aigc] == [
        ("xmp", "them", CODE)
    ]


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "avif"])
@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\x00\x00\x00" + ITEM.encode(),
        b"UNICODE\x00" + ITEM.encode("utf-16-le"),
        b"UNICODE\x00" + ITEM.encode("utf-16"),
        b"\x00" * 8 + f"AIGC:{ITEM}".encode(),
        b"ASCII\x00\x00\x00" + json.dumps({"AIGC": json.loads(ITEM)}).encode() + b"\x00\x00",
    ],
)
def test_user_comments_are_found_and_moved_into_xmp(kind, comment):
    media_type, data = files.make(kind, comment=comment)
    found = read_labels(data, media_type)
    assert (found.item, found.places) == (THEIRS, ("exif user comment",))
    written = write_labels(data, media_type, OURS)
    assert [one.place for one in read_labels(written, media_type).aigc] == ["xmp"]
    assert without_xmp_tag(files.info(written)[0])[0x0110] == "Camera"
    assert np.array_equal(files.pixels(written)[1], files.pixels(data)[1])


def test_other_user_comments_stay():
    media_type, data = files.make("jpeg", comment=b"ASCII\x00\x00\x00{a holiday}")
    written = write_labels(data, media_type, OURS)
    assert b"{a holiday}" in written
    assert read_labels(data, media_type) == FoundLabels()


def test_tiff_keeps_its_user_comment_in_itself():
    """An EXIF block is a whole TIFF structure, so it serves as one here."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\x00\x00\x00" + ITEM.encode()
    block = exif.tobytes()[6:]
    assert read_labels(block, MediaType.TIFF).places == ("exif user comment",)
    written = read_labels(write_labels(block, MediaType.TIFF, OURS), MediaType.TIFF)
    assert [(one.place, one.item.content_producer) for one in written.aigc] == [("xmp", "them")]


def test_several_items_are_a_problem_and_become_one():
    data = write_labels(png_with(PNG_FORMS["text"]), MediaType.PNG, OURS)
    doubled = data[:33] + png_with(PNG_FORMS["text"])[33 : 33 + 12 + len(PNG_FORMS["text"][1])] + data[33:]
    found = read_labels(doubled, MediaType.PNG)
    assert [one.place for one in found.aigc] == ["xmp", "png text"]
    assert found.problems == ("2 AIGC items where one is allowed",)
    assert len(read_labels(write_labels(doubled, MediaType.PNG, OURS), MediaType.PNG).aigc) == 1


def test_items_wrong_in_the_wild_are_reported_and_replaced():
    wrong = (b"tEXt", b'AIGC\x00{"Label":"AIGC","ContentProducer":"A company","ProduceID":"1"}')
    found = read_labels(png_with(wrong), MediaType.PNG)
    assert found.item is None
    assert found.says_ai
    assert "'AIGC'" in found.problems[0]
    with pytest.raises(LabelError, match="not valid"):
        write_labels(png_with(wrong), MediaType.PNG, ImplicitLabels(iptc=OURS.iptc))
    assert read_labels(write_labels(png_with(wrong), MediaType.PNG, OURS), MediaType.PNG).item == OURS.aigc


def test_gif_is_read_and_not_written():
    packet = build_xmp(OURS)
    body = b"GIF89a" + bytes(7) + b"\x21\xff\x0bXMP DataXMP" + packet + b"\x01" + bytes(range(255, -1, -1)) + b"\x00;"
    assert read_labels(body, MediaType.GIF).item == OURS.aigc
    assert read_labels(b"GIF89a" + bytes(7) + b";", MediaType.GIF) == FoundLabels()
    assert read_labels(b"GIF89a", MediaType.GIF).problems[0].startswith("image/gif: expected 13 bytes")
    with pytest.raises(LabelError, match="image/gif"):
        write_labels(body, MediaType.GIF, OURS)


def test_heic_is_read_by_the_same_boxes_as_avif():
    media_type, data = files.make("avif")
    heic = write_labels(data, media_type, OURS).replace(b"ftypavif", b"ftypheic", 1)
    assert read_labels(heic, MediaType.HEIC).item == OURS.aigc


def test_nothing_to_write_leaves_the_bytes_alone():
    media_type, data = files.make("jpeg")
    assert write_labels(data, media_type, ImplicitLabels()) is data


def test_labels_live_on_through_a_new_encoding():
    media_type, data = files.make("png")
    theirs = write_labels(data, media_type, ImplicitLabels(THEIRS))
    labels = OURS.after(read_labels(theirs, media_type))
    assert labels.aigc == AigcItem("them", "t-1", "2", "", CODE, OURS.aigc.produce_id)
    assert ImplicitLabels().after(read_labels(theirs, media_type)).aigc == THEIRS
    assert ImplicitLabels().after(FoundLabels()) == ImplicitLabels()


def test_the_prompt_never_gets_in():
    assert "ab" * 32 in OURS.iptc.texts()["AIPromptInformation"]
    for bad in ("a prompt", "a" * 63):
        with pytest.raises(LabelError, match="digest"):
            IptcFields(prompt_sha256=bad)


def test_unknown_source_types_and_long_texts_are_refused():
    assert "algorithmicMedia" in DIGITAL_SOURCE_TYPES
    with pytest.raises(LabelError, match="minorHumanEdits"):
        IptcFields("minorHumanEdits")
    with pytest.raises(LabelError, match="2049"):
        IptcFields(system="x" * 2049)


def test_a_source_type_that_is_no_newscode_is_given_as_found():
    media_type, data = files.make("png")
    for text, expected in (
        ("https://cv.iptc.org/newscodes/digitalsourcetype/print", "print"),
        ("http://x/y", "http://x/y"),
    ):
        packet = build_xmp(ImplicitLabels(iptc=IptcFields("print"))).replace(
            b"http://cv.iptc.org/newscodes/digitalsourcetype/print", text.encode()
        )
        found = read_labels(CONTAINERS[media_type].write(data, packet), media_type)
        assert found.digital_source_type == expected
        assert not found.says_ai


def test_packets_too_large_for_a_jpeg_are_refused():
    media_type, data = files.make("jpeg")
    with pytest.raises(LabelError, match="does not fit"):
        CONTAINERS[media_type].write(data, b" " * 65_510)


FIELD = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SAFE = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\t\n\r"),
    max_size=40,
)
BASES = {kind: files.make(kind) for kind in ("jpeg", "png", "webp", "avif", "tiff")}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(BASES)),
    FIELD.filter(lambda t: t and not t.startswith("00")),
    FIELD.filter(bool),
    FIELD,
    SAFE,
    SAFE,
)
def test_any_text_round_trips_in_every_container(kind, producer, number, reserved, system, version):
    media_type, data = BASES[kind]
    labels = ImplicitLabels(AigcItem(producer, number, "3", reserved), IptcFields("", system, version))
    found = read_labels(write_labels(data, media_type, labels), media_type)
    assert found.item == labels.aigc
    assert found.iptc == labels.iptc.texts()


LABELLED = {kind: (media_type, write_labels(data, media_type, OURS)) for kind, (media_type, data) in BASES.items()}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(LABELLED)), st.data())
def test_damage_becomes_problems_or_label_errors(kind, data):
    media_type, good = LABELLED[kind]
    bad = bytearray(good[: data.draw(st.integers(0, len(good)), "cut")])
    head = min(len(bad), 2000)
    for _ in range(data.draw(st.integers(0, 8), "flips") if bad else 0):
        at = data.draw(st.integers(0, head - 1) | st.integers(0, len(bad) - 1), "at")
        bad[at] = data.draw(st.integers(0, 255), "to")
    assert isinstance(read_labels(bytes(bad), media_type), FoundLabels)
    with contextlib.suppress(LabelError):
        write_labels(bytes(bad), media_type, OURS)


@given(st.sampled_from(sorted(MediaType)), st.binary(max_size=300))
def test_random_bytes_never_raise(media_type, data):
    read_labels(data, media_type)


def test_hostile_xml_in_a_file_is_a_problem():
    media_type, data = files.make("png")
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    hostile = CONTAINERS[media_type].write(data, laughs)
    found = read_labels(hostile, media_type)
    assert found.aigc == ()
    assert "EntitiesForbidden" in found.problems[0] or "DTDForbidden" in found.problems[0]
    with pytest.raises(LabelError):
        write_labels(hostile, media_type, OURS)


def test_build_xmp_for_encoders():
    fields = parse_xmp(build_xmp(OURS, existing=files.XMP), IPTC_NAMES)
    assert fields.aigc == ((build_aigc(OURS.aigc), "xmp"),)


def test_fields_of_a_recipe_say_who_drew_and_name_a_prompt_by_its_digest():
    recipe = {"model_name": "chop-draw", "backend": "chop 3", "prompt_sha256": "a" * 64, "seed": 3}
    fields = IptcFields.from_recipe(recipe)
    assert fields == IptcFields("trainedAlgorithmicMedia", "chop-draw", "chop 3", "a" * 64)
    assert IptcFields.from_recipe({}) == IptcFields("trainedAlgorithmicMedia")
