"""Fault 4: a manifest that came in shipped whole: prompts, places, owners, titles, a work as thumbnail, tokens in URLs.

And the promise beside it: prompts never leave quarantine, wherever in a file of whatever type they stand.
"""

import io
import json
import struct
import zlib
from pathlib import Path

import c2pa
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from api.cli import app
from api.wiring import open_site
from policies import gate
from policies.rules.decision import Outcome
from provenance.asset import MediaType
from provenance.manifests.claim import Definition
from provenance.manifests.identity import load_development_identity
from provenance.manifests.jumbf import parse_store
from provenance.manifests.validation import read_store
from provenance.media.picture.image import parse_image
from tests import image_bytes as make
from tests.provenance.manifests.samples import pictured, worded
from tests.sites import PLAIN, as_submission, build_light_settings, build_settings, encode, photograph

SIDE = 288
PACKS = Path(__file__).parents[1] / "packs"
SECRET = "EXAMPLE-SECRET a red boat under a blue moon"
RAW = SECRET.encode()
KINDS = {
    MediaType.JPEG: "JPEG",
    MediaType.PNG: "PNG",
    MediaType.WEBP: "WEBP",
    MediaType.TIFF: "TIFF",
    MediaType.AVIF: "AVIF",
}


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    return load_development_identity(tmp_path_factory.mktemp("keys") / "keys", environment="development")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(build_light_settings(tmp_path_factory.mktemp("site") / "home")) as opened:
        yield opened


def release(site, data, **fields):
    result = gate.release(site.deployment, as_submission(data, **fields))
    return result, site.deployment.blobs.public.get(result.public_key) if result.public_key else b""


def released(site, data, **fields):
    result, file = release(site, data, **fields)
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    return result, file


def readings(data, media_type=None):
    """Yield the file as it is, and every stream in it unpacked, its texts in both widths of UTF-16 too."""
    yield data
    if data.startswith(b"\x89PNG"):
        at = 8
        while at < len(data):
            size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
            body = data[at + 8 : at + 8 + size]
            if kind in {b"zTXt", b"iTXt", b"iCCP"}:
                for start in range(min(len(body), 200)):
                    try:
                        yield zlib.decompress(body[start:])
                    except zlib.error:
                        continue
            at += 12 + size
    if media_type is not None:
        yield read_store(data, media_type)


def assert_no_secret(data, media_type=None, secret=SECRET):
    spelled = [secret.encode(), secret.encode("utf-16-le"), secret.encode("utf-16-be"), secret.encode().hex().encode()]
    for reading in readings(data, media_type):
        for spelling in spelled:
            assert spelling not in reading
            assert spelling[len(spelling) // 2 :] not in reading


# prompts in every place of every container


def exif_of(text=SECRET):
    exif = Image.Exif()
    exif[270], exif[315], exif[305] = text, text, text  # ImageDescription, Artist, Software
    exif[40092] = text.encode("utf-16-le")  # XPComment
    inner = exif.get_ifd(34665)
    inner[37510] = b"ASCII\0\0\0" + text.encode()  # UserComment
    inner[37500] = text.encode()  # MakerNote
    exif.get_ifd(34853)[27] = text.encode()  # GPSProcessingMethod
    return exif.tobytes()


def xmp_of(text=SECRET):
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:q="http://example.org/q/" '
        f'q:prompt="{text}"><dc:description><rdf:Alt><rdf:li>{text}</rdf:li></rdf:Alt></dc:description>'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def png_files(image):
    plain = encode(image, "PNG")
    packed = zlib.compress(RAW)
    profile = b"p\0\0" + zlib.compress(b"junk" + RAW)
    for name, body in {
        b"tEXt": b"parameters\0" + RAW,
        b"zTXt": b"prompt\0\0" + packed,
        b"iTXt": b"workflow\0\1\0en\0\0" + packed,
        b"eXIf": exif_of().removeprefix(b"Exif\0\0"),
        b"prVt": RAW,
        b"iCCP": profile,
        b"sPLT": RAW + b"\0\x08",
        b"gAMA": struct.pack(">I", 45455) + RAW,
    }.items():
        yield f"PNG {name.decode()}", plain[:33] + make.chunk(name, body) + plain[33:]
    yield "PNG after pixels", plain[:-12] + make.chunk(b"tEXt", b"prompt\0" + RAW) + plain[-12:]
    palette = image.quantize(64)
    colours = (palette.getpalette() or [])[: 64 * 3]
    unused = np.frombuffer((RAW * 20)[: 192 * 3], np.uint8).tolist()
    palette.putpalette(colours + unused)
    yield "PNG palette", encode(palette, "PNG")


def jpeg_files(image):
    plain = encode(image)
    for name, piece in {
        "comment": make.segment(0xFE, RAW),
        "exif": make.segment(0xE1, exif_of()),
        "xmp": make.segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp_of()),
        "extended xmp": make.segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + bytes(8) + RAW),
        "iptc": make.segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x40\x1c\x02\x78\0\x38" + RAW),
        "app11": make.segment(0xEB, b"JP" + RAW),
        "app15": make.segment(0xEF, RAW),
        "profile": make.segment(0xE2, b"ICC_PROFILE\0\1\1" + RAW),
        "jfif thumbnail": make.segment(0xE0, b"JFXX\0\x13\x05\x03" + RAW[:45]),
        "fill": b"\xff" * 3,
    }.items():
        yield f"JPEG {name}", make.jpeg_with(piece, data=plain)
    second = make.jpeg_with(make.segment(0xFE, RAW), data=plain)
    yield "JPEG second picture", make.jpeg_with(make.segment(0xE2, b"MPF\0" + RAW), data=plain) + second


def other_files(image):
    for kind, settings in {
        "WEBP": {"exif": exif_of(), "xmp": xmp_of()},
        "TIFF": {"exif": exif_of(), "tiffinfo": {270: SECRET, 305: SECRET, 315: SECRET, 700: xmp_of(), 37724: RAW}},
        "AVIF": {"exif": exif_of(), "xmp": xmp_of(), "speed": 10},
        "GIF": {"comment": RAW},
    }.items():
        settings = {name: value for name, value in settings.items() if not (kind == "TIFF" and name == "exif")}
        yield kind, encode(image, kind, **settings)
    webp = encode(image, "WEBP", xmp=xmp_of())
    body = webp[12:] + b"PROM" + struct.pack("<I", len(RAW)) + RAW + b"\0" * (len(RAW) % 2)
    yield "WEBP unknown chunk", b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body
    gif = encode(image, "GIF")
    at = 13 + (3 << (gif[10] & 7) + 1)
    application = b"\x21\xff\x0bXMP DataXMP" + bytes([len(RAW)]) + RAW + b"\0"
    yield "GIF application block", gif[:at] + application + make.gif_comment(RAW) + gif[at:]


def every_file():
    image = photograph(side=SIDE)
    yield from png_files(image)
    yield from jpeg_files(image)
    yield from other_files(image)


@pytest.mark.parametrize(("name", "data"), [pytest.param(*case, id=case[0]) for case in every_file()])
def test_a_secret_in_any_place_of_any_container_never_ships(site, name, data):
    has_secret = any(spelling in reading for reading in readings(data) for spelling in (RAW[:40], RAW.hex().encode()))
    assert has_secret or "fill" in name, "the input holds it"
    result, file = release(site, data)
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    assert_no_secret(file, MediaType(result.seal["media_type"]))
    manifest = site.deployment.blobs.public.get(f"{result.asset_id}/manifest.c2pa")
    assert_no_secret(manifest)
    assert SECRET not in json.dumps(result.seal)


# prompts in every place of a manifest


def signed(data, media_type, identity, manifest, **options):
    return pictured(data, media_type, make.valid("image/jpeg"), identity, Definition(manifest), **options)


def manifests():
    """Manifests of strangers, each with the secret in one place."""
    created = {
        "action": "c2pa.created",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    }
    base = {"claim_generator_info": [{"name": "Example Maker", "version": "1.0"}]}

    def acted(**more):
        return {"label": "c2pa.actions.v2", "created": True, "data": {"actions": [{**created, **more}]}}

    extra = {
        "a CBOR assertion": {"label": "com.example.generation", "data": {"prompt": SECRET}},
        "a JSON assertion": {"label": "com.example.generation", "kind": "Json", "data": {"deep": [{"prompt": SECRET}]}},
        "EXIF": {"label": "stds.exif", "kind": "Json", "data": {"@context": {}, "exif:GPSLatitude": SECRET}},
        "metadata": {"label": "c2pa.metadata", "kind": "Json", "data": {"@context": {"dc": "http://purl.org/dc/elements/1.1/"}, "dc:creator": [SECRET]}},
        "creative work": {"label": "stds.schema-org.CreativeWork", "kind": "Json", "data": {"@context": "https://schema.org", "@type": "CreativeWork", "author": [{"@type": "Person", "name": SECRET}]}},
        "training rules": {"label": "cawg.training-mining", "data": {"entries": {"cawg.ai_training": {"use": "constrained", "constraint_info": SECRET}}}},
    }  # fmt: skip
    for name, assertion in extra.items():
        yield name, {**base, "assertions": [acted(), assertion]}
    yield "title", {**base, "title": f"{SECRET}.jpg", "assertions": [acted()]}
    yield "generator", {"claim_generator_info": [{"name": SECRET}], "assertions": [acted()]}
    yield "description", {**base, "assertions": [acted(description=SECRET)]}
    yield "software agent", {**base, "assertions": [acted(softwareAgent={"name": SECRET})]}
    yield "action parameters", {**base, "assertions": [acted(parameters={"com.example.prompt": SECRET})]}
    yield "ingredient", {**base, "assertions": [acted()], "ingredients": [{"title": SECRET, "description": SECRET, "relationship": "inputTo", "format": "image/jpeg", "instance_id": "x"}]}  # fmt: skip
    yield (
        "label",
        {**base, "assertions": [acted(), {"label": "com.example.EXAMPLE-SECRET a red boat", "data": {"x": 1}}]},
    )


@pytest.mark.parametrize(("name", "manifest"), [pytest.param(*case, id=case[0]) for case in manifests()])
def test_a_secret_in_any_place_of_a_manifest_never_ships(site, identity, name, manifest):
    data = signed(encode(photograph(side=SIDE)), MediaType.JPEG, identity, manifest)
    assert SECRET[:20] in read_store(data, MediaType.JPEG).decode("latin-1"), name
    result, file = released(site, data)
    assert_no_secret(file, MediaType.JPEG)
    assert_no_secret(site.deployment.blobs.public.get(f"{result.asset_id}/manifest.c2pa"))
    assert SECRET not in json.dumps(result.seal)
    assert result.seal["source"]["manifest"]["form"] in {"repeated", "referenced"}
    assert site.verifier.verify(file).state == "consistent"


@pytest.mark.parametrize("media_type", KINDS)
def test_what_was_redacted_is_said_in_every_container(site, identity, media_type):
    data = signed(
        encode(photograph(side=SIDE), KINDS[media_type]), media_type, identity, dict(worded(words=SECRET).manifest)
    )
    result, file = released(site, data)
    said = result.seal["source"]["manifest"]
    assert said["form"] == "repeated"
    assert said["redacted"] == ["c2pa.thumbnail.claim", "com.example.generation", "stds.exif"]
    assert_no_secret(file, media_type)
    with c2pa.Reader(str(media_type), io.BytesIO(file)) as reader:
        active = reader.get_active_manifest()
        assert reader.get_validation_state() in {"Valid", "Trusted"}
    assert len(active["redactions"]) == 3
    labels = [box.label for manifest in parse_store(read_store(file, media_type)).children for box in manifest.children]
    assert labels.count("c2pa.signature") == 2


def test_a_compressed_manifest_is_not_repeated(site, identity):
    manifest = dict(worded(words=SECRET).manifest)
    data = signed(encode(photograph(side=SIDE)), MediaType.JPEG, identity, manifest, prefer_compress_manifests=True)
    assert b"brob" in read_store(data, MediaType.JPEG)
    result, file = released(site, data)
    assert result.seal["source"]["manifest"]["form"] == "referenced"
    assert b"brob" not in read_store(file, MediaType.JPEG)
    assert_no_secret(file, MediaType.JPEG)


@pytest.mark.parametrize("media_type", [MediaType.GIF, MediaType.HEIC])
def test_types_that_ship_as_another_type_bring_no_secret_with_them(tmp_path, identity, media_type):
    """Small pictures, so that no watermark is asked for."""
    plain = make.valid(media_type.value)
    data = signed(plain, media_type, identity, dict(worded(words=SECRET).manifest))
    assert RAW in read_store(data, media_type)
    with open_site(build_light_settings(tmp_path / "home", packs=("unmarked",))) as site:
        result, file = released(site, data)
    assert result.seal["source"]["manifest"]["redacted"][1:] == ["com.example.generation", "stds.exif"]
    assert_no_secret(file, MediaType(result.seal["media_type"]))


def test_which_assertions_stay_is_policy(tmp_path, identity):
    pack = (tmp_path / "packs" / "nothing.yaml", (PACKS / "unmarked.yaml").read_text("utf-8"))
    pack[0].parent.mkdir()
    pack[0].write_text(
        pack[1].replace("name: unmarked", "name: nothing")
        + "    parameters: {incoming_manifest: reference, kept_assertions: none}\n",
        encoding="utf-8",
    )
    settings = build_light_settings(tmp_path / "home", packs=("nothing",), pack_folders=(pack[0].parent,))
    data = signed(encode(photograph(side=SIDE)), MediaType.JPEG, identity, dict(worded().manifest))
    with open_site(settings) as site:
        result, file = released(site, data)
    (obligation,) = result.decision.obligations
    assert obligation.parameters == {"incoming_manifest": "reference", "kept_assertions": "none"}
    assert result.seal["source"]["manifest"]["form"] == "referenced"
    assert len(parse_store(read_store(file, MediaType.JPEG)).children) == 1


# pictures and addresses in a manifest


def test_a_registered_work_as_thumbnail_is_found(tmp_path, identity):
    work, other = photograph("coffee.png", 200), photograph("rocket.jpg", SIDE)
    data = pictured(encode(other), MediaType.JPEG, encode(work), identity)
    with open_site(build_settings(tmp_path / "home")) as site:
        site.deployment.works.register(parse_image(encode(work)), title="Coffee", owner="S")
        result, file = release(site, data)
    assert (result.outcome, file) == (Outcome.BLOCK, b"")
    assert any(reason.category == "copyright_block" for reason in result.decision.reasons)


def test_no_thumbnail_ships(site, identity):
    shown = encode(photograph("coffee.png", 200))
    result, file = released(site, pictured(encode(photograph("rocket.jpg", SIDE)), MediaType.JPEG, shown, identity))
    assert shown[-600:-400] not in file
    assert file.count(b"\xff\xd8\xff") == 1
    assert "c2pa.thumbnail.claim" in result.seal["source"]["manifest"]["redacted"]


def test_of_a_remote_manifest_the_address_ships_without_its_token(site, identity):
    builder = c2pa.Builder.from_json(json.dumps(dict(worded().manifest)))
    builder.set_no_embed()
    builder.set_remote_url("https://user:pass@manifests.example.org/m.c2pa?token=TOKEN123#part")
    out = io.BytesIO()
    with c2pa.Signer.from_callback(
        identity.sign, c2pa.C2paSigningAlg.ES256, identity.certificate_chain_pem, None
    ) as signer:
        builder.sign(signer, "image/jpeg", io.BytesIO(encode(photograph(side=SIDE))), out)
    assert b"TOKEN123" in out.getvalue()
    result, file = released(site, out.getvalue())
    assert b"https://manifests.example.org/m.c2pa" in file
    for secret in ("TOKEN123", "user:pass", "pass@"):
        assert_no_secret(file, MediaType.JPEG, secret)
    assert result.seal["source"]["manifest"]["form"] == "named"


def test_the_command_line_says_what_was_redacted(tmp_path, identity):
    data = signed(encode(photograph(side=SIDE)), MediaType.JPEG, identity, dict(worded(words=SECRET).manifest))
    (tmp_path / "boat.jpg").write_bytes(data)
    environment = {**PLAIN, "CHOPMARK_HOME": str(tmp_path / "home"), "CHOPMARK_SCREEN_DEADLINE_S": "120"}
    runner = CliRunner()
    arguments = ["release", str(tmp_path / "boat.jpg"), "-o", f"{tmp_path}/out/"]
    shown = runner.invoke(app, arguments, env=environment)
    assert shown.exit_code == 0, shown.output
    assert "com.example.generation" in " ".join(shown.output.split())
    assert SECRET not in shown.output
