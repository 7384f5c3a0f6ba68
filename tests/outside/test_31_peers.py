"""Marks of others, made by us in their documented spellings: what `verify` says of each file.

Nothing here is a file of theirs; each spelling is the one that their pages or independent readers of their files name.
"""

import io
import json
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from provenance.verify.state import JointState, LayerStatus
from tests.sites import photograph

ITEM = {"Label": "1", "ContentProducer": "001191110102MACQD9K64010000", "ProduceID": "1"}
ITEM |= dict.fromkeys(("ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2"), "")
AIGC = json.dumps(ITEM, separators=(",", ":"))
TC260, IPTC = "http://www.tc260.org.cn/ns/AIGC/1.0/", "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
NEWSCODES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def xmp(attributes="", elements=""):
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:TC260="{TC260}" xmlns:Iptc4xmpExt="{IPTC}" '
        f'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def escaped(text):
    return text.replace('"', "&quot;")


def jpeg(*, packet=b"", exif=None):
    tags = exif if isinstance(exif, Image.Exif) else Image.Exif()
    tags.update(exif or {})
    buffer = io.BytesIO()
    photograph(side=256).save(buffer, "JPEG", quality=90, exif=tags)
    data = buffer.getvalue()
    if packet:
        body = b"http://ns.adobe.com/xap/1.0/\0" + packet
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]
    return data


def png(texts=None, *, packet=b""):
    info = PngInfo()
    for key, text in (texts or {}).items():
        info.add_text(key, text)
    buffer = io.BytesIO()
    photograph(side=256).save(buffer, "PNG", pnginfo=info)
    data = buffer.getvalue()
    if packet:
        body = b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + packet
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        data = data[:33] + chunk + data[33:]
    return data


def comment(text):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf-16-be")
    return exif


def says(word):
    return xmp(elements=f"<Iptc4xmpExt:DigitalSourceType>{NEWSCODES}{word}</Iptc4xmpExt:DigitalSourceType>")


LABELLED = {
    # China's AIGC item, in the spellings that providers use
    "aigc, xmp element": lambda: jpeg(packet=xmp(elements=f"<TC260:AIGC>{AIGC}</TC260:AIGC>")),
    "aigc, xmp attribute": lambda: jpeg(packet=xmp(attributes=f'TC260:AIGC="{escaped(AIGC)}"')),
    "aigc, nested json": lambda: jpeg(packet=xmp(elements=f'<TC260:AIGC>{{"AIGC":{AIGC}}}</TC260:AIGC>')),
    "aigc, png text": lambda: png({"AIGC": AIGC}),
    "aigc, png xmp": lambda: png(packet=xmp(elements=f"<TC260:AIGC>{AIGC}</TC260:AIGC>")),
    "aigc, exif user comment": lambda: jpeg(exif=comment(json.dumps({"AIGC": ITEM}))),
    # IPTC's source type: Midjourney and Meta write nothing else, Google writes a credit beside it
    "iptc, trained media": lambda: jpeg(packet=says("trainedAlgorithmicMedia")),
    "iptc, composite": lambda: jpeg(packet=says("compositeWithTrainedAlgorithmicMedia")),
    "google credit": lambda: jpeg(packet=xmp(attributes='photoshop:Credit="Made with Google AI"')),
    # Names in EXIF and PNG text
    "xai signature": lambda: jpeg(
        exif={0x010E: "Signature: " + "QUJD" * 30, 0x013B: "1" * 8 + "-1111" * 3 + "-" + "2" * 12}
    ),
    "tencent description": lambda: jpeg(exif={0x010E: json.dumps({"ServiceProvider": "x", "ServiceUser": "y"})}),
    "exif software": lambda: jpeg(exif={0x0131: "Midjourney 7"}),
    "webui parameters": lambda: png({"parameters": "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1"}),
    "comfyui workflow": lambda: png({"prompt": "{}", "workflow": "{}"}),
    "invokeai": lambda: png({"invokeai_metadata": "{}"}),
}

UNLABELLED = {
    "a camera's exif": lambda: jpeg(exif={0x010F: "Canon", 0x0131: "Adobe Photoshop 26"}),
    "a title alone": lambda: png({"Title": "a cat", "prompt": "to print"}),
    "a camera's source type": lambda: jpeg(packet=says("digitalCapture")),
}


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    from api.wiring import open_site
    from provenance.storage.blob import Blob
    from tests.sites import build_settings

    with open_site(build_settings(tmp_path_factory.mktemp("peers"))) as site:

        def verify(data):
            found = site.verifier.verify(Blob.from_bytes(data))
            return found, {layer.name: layer for layer in found.layers}

        yield verify


@pytest.mark.parametrize("name", LABELLED)
def test_a_label_of_others_is_told_as_what_it_is(ask, name):
    found, layers = ask(LABELLED[name]())
    assert found.state is JointState.LABEL_ONLY
    assert layers["implicit_label"].status is LayerStatus.FOUND, layers["implicit_label"].text
    assert "anyone can write" in layers["implicit_label"].plain
    assert layers["manifest_integrity"].status is LayerStatus.ABSENT


@pytest.mark.parametrize(
    ("name", "maker"),
    [
        ("google credit", "google"),
        ("xai signature", "xai"),
        ("tencent description", "tencent"),
        ("exif software", "midjourney"),
        ("webui parameters", "stable diffusion webui"),
        ("comfyui workflow", "comfyui"),
        ("invokeai", "invokeai"),
    ],
)
def test_who_made_it_is_named_and_nothing_of_the_prompt(ask, name, maker):
    _, layers = ask(LABELLED[name]())
    assert maker in layers["implicit_label"].text
    assert "Sampler" not in json.dumps(layers["implicit_label"].detail)


@pytest.mark.parametrize("name", UNLABELLED)
def test_what_says_nothing_of_ai_is_not_called_ai(ask, name):
    found, _ = ask(UNLABELLED[name]())
    assert found.state is JointState.NONE_FOUND


@pytest.mark.parametrize(
    ("spelled", "problem"),
    [
        ({**ITEM, "Label": "AIGC"}, "Label"),
        ({"Label": "1"}, "lacks"),
        ({**ITEM, "ContentProducer": "00XX91110102MACQD9K64010000"}, "provider code"),
    ],
)
def test_a_label_that_breaks_the_standard_is_found_and_said_to_be_faulty(ask, spelled, problem):
    _, layers = ask(jpeg(packet=xmp(elements=f"<TC260:AIGC>{json.dumps(spelled)}</TC260:AIGC>")))
    assert layers["implicit_label"].status is LayerStatus.FAILED
    assert problem in layers["implicit_label"].text


def test_two_items_where_one_is_allowed_are_told(ask):
    data = jpeg(packet=xmp(elements=f"<TC260:AIGC>{AIGC}</TC260:AIGC>"), exif=comment(json.dumps({"AIGC": ITEM})))
    _, layers = ask(data)
    assert "2 AIGC items" in json.dumps(layers["implicit_label"].detail)
