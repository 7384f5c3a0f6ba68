"""A manifest answers wherever it is kept, and where the picture cannot be looked at."""

import io
import json
import shutil
import wave

import c2pa
import pytest
from PIL import Image

from provenance.manifests.certificates import sign_with
from tests.outside.asking import ask, fixture
from tests.outside.forgeries import build_maker, exchange, sign
from tests.sites import encode, photograph

MAKER = build_maker()
PICTURE = encode(photograph(side=256))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("site") / "home"


def sign_apart(data, url=None):
    """Sign with the manifest beside the picture, or at an address that the picture names."""
    manifest = {
        "claim_generator_info": [{"name": "Vendor"}],
        "assertions": [{"label": "c2pa.actions.v2", "created": True, "data": {"actions": [
            {"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalArt"}
        ]}}],
    }  # fmt: skip
    out = io.BytesIO()
    context = c2pa.Context.from_dict({"builder": {"thumbnail": {"enabled": False}}})
    with (
        c2pa.Builder.from_json(json.dumps(manifest), context=context) as builder,
        c2pa.Signer.from_callback(
            lambda data: sign_with(MAKER.key, data), c2pa.C2paSigningAlg.ES256, MAKER.leaf_pem, None
        ) as signer,
    ):
        builder.set_no_embed()
        if url is not None:
            builder.set_remote_url(url)
        kept = builder.sign(signer, "image/jpeg", io.BytesIO(data), out)
    return (out.getvalue() if url else data), bytes(kept)


def write(path, data):
    path.write_bytes(data)
    return path


def statuses(told):
    return {layer["name"]: layer["status"] for layer in told.result["layers"]}


# beside the file


@pytest.mark.parametrize("name", ["picture.c2pa", "picture.jpg.c2pa"])
def test_a_manifest_beside_the_file_is_found_by_its_name(home, name, tmp_path):
    data, kept = sign_apart(PICTURE)
    path = write(tmp_path / "picture.jpg", data)
    write(tmp_path / name, kept)
    told = ask(home, "verify", path, "--json")
    assert (told.code, told.result["state"]) == (0, "manifest_untrusted")
    assert told.result["remarks"] == ["the manifest lies beside the file"]
    assert told.layer("manifest_integrity")["detail"]["is_embedded"] is False


def test_a_manifest_may_be_named_and_is_held_against_the_file(home, tmp_path):
    data, kept = sign_apart(PICTURE)
    path, store = write(tmp_path / "picture.jpg", data), write(tmp_path / "store", kept)
    assert ask(home, "verify", path, "--manifest", store).code == 0
    changed = write(tmp_path / "changed.jpg", data[:-300] + bytes([data[-300] ^ 1]) + data[-299:])
    told = ask(home, "verify", changed, "--manifest", store, "--json")
    assert (told.code, told.result["state"]) == (3, "tampered")
    assert ask(home, "verify", path, changed, "--manifest", store).code == 2
    assert ask(home, "verify", path, "--manifest", tmp_path / "absent").code == 2
    junk = write(tmp_path / "junk", b"no manifest")
    assert ask(home, "verify", path, "--manifest", junk).code in {1, 3}


@pytest.mark.parametrize(("kept", "state", "words"), [
    (sign_apart(encode(photograph("rocket.jpg", 256)))[1], "tampered", "or the manifest is another file's"),
    (b"garbage", "manifest_malformed", "cannot be read as one"),
])  # fmt: skip
def test_a_manifest_beside_a_file_that_it_does_not_fit_accuses_nobody(home, kept, state, words, tmp_path):
    path = write(tmp_path / "picture.jpg", PICTURE)
    write(tmp_path / "picture.c2pa", kept)
    told = ask(home, "verify", path, "--json")
    assert (told.code, told.result["state"]) == (3, state)
    assert words in told.result["summary"]
    assert "This file was changed" not in told.result["summary"]


# elsewhere


def test_a_manifest_elsewhere_is_named_and_not_fetched(home, tmp_path):
    data, _ = sign_apart(PICTURE, "https://manifests.example/store?token=secret")
    told = ask(home, "verify", write(tmp_path / "picture.jpg", data), "--json")
    assert (told.code, told.result["state"]) == (1, "manifest_elsewhere")
    assert "secret" not in told.out
    row = told.layer("manifest_integrity")
    assert (row["status"], row["detail"]["remote_host"]) == ("not_checked", "manifests.example")
    assert "named elsewhere, at manifests.example, and not fetched" in ask(
        home, "verify", tmp_path / "picture.jpg"
    ).words  # fmt: skip


def test_the_public_one_too(home):
    assert ask(home, "verify", fixture("cloud.jpg"), "--json").result["state"] == "manifest_elsewhere"


@pytest.mark.parametrize("url", [
    "http://127.0.0.1:1/x", "http://localhost/x", "http://169.254.169.254/latest/meta-data", "http://[::1]/x",
    "http://[::ffff:10.0.0.1]/x",
])  # fmt: skip
def test_fetching_asks_nobody_inside(home, url, tmp_path):
    data, _ = sign_apart(PICTURE, url)
    told = ask(home, "verify", write(tmp_path / "picture.jpg", data), "--fetch", "--json")
    assert told.result["state"] == "manifest_elsewhere"
    assert "could not be fetched" in told.result["remarks"][0]


def test_a_fetched_manifest_is_held_against_the_file(home):
    """As with `--fetch`, from a server on this machine, which the command itself would not ask."""
    from api.settings import load_settings
    from api.wiring import open_site
    from provenance.manifests.fetching import fetch_manifest
    from tests.provenance.manifests.test_fetching import say, serve

    def fetch(url):
        return fetch_manifest(url, may_be_local=True)

    stores = {}
    with serve(lambda handler: say(stores[handler.path])(handler)) as url:
        data, stores["/kept"] = sign_apart(PICTURE, f"{url}/kept")
        with open_site(load_settings(home=home, detectors=("incoming_marks",), backend="sketch")) as site:
            good = site.verifier.verify(data, fetch=fetch)
            assert good.state == "manifest_untrusted"
            assert good.remarks == ("the manifest was fetched from 127.0.0.1",)
            changed = data[:-300] + bytes([data[-300] ^ 1]) + data[-299:]
            assert site.verifier.verify(changed, fetch=fetch).state == "tampered"


# where the picture cannot be looked at


def sound():
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(4000))
    return out.getvalue()


def animation(kind):
    frames = [Image.new("RGB", (64, 64), (shade, 90, 9)) for shade in (10, 120, 240)]
    return encode(frames[0], kind, save_all=True, append_images=frames[1:])


DRAWING = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="5"/></svg>'

OTHERS = {
    "sound.wav": (sound, "audio/wav"),
    "animation.gif": (lambda: animation("GIF"), "image/gif"),
    "animation.webp": (lambda: animation("WEBP"), "image/webp"),
    "drawing.svg": (lambda: DRAWING, "image/svg+xml"),
    "paper.pdf": (lambda: encode(Image.new("RGB", (50, 50)), "PDF"), "application/pdf"),
    "wide.png": (lambda: encode(Image.new("RGB", (20_000, 8)), "PNG"), "image/png"),
}
PIXELS = ("watermark", "fingerprint", "implicit_label")


@pytest.fixture(scope="module")
def answers(home, tmp_path_factory):
    """Every file three times: signed, changed afterwards, and as it was."""
    folder = tmp_path_factory.mktemp("files")
    paths = []
    for name, (make, media_type) in OTHERS.items():
        bare = make()
        signed = sign(MAKER, bare, media_type=media_type)
        told_apart = (b'="5"', b'="6"') if name.endswith("svg") else (b"Vendor Studio", b"Vendor Studix")
        broken = exchange(signed, *told_apart)
        for kind, data in (("signed", signed), ("changed", broken), ("bare", bare)):
            paths.append(write(folder / f"{kind}-{name}", data))
    told = ask(home, "verify", *paths, "--json")
    return {path.name: result for path, result in zip(paths, told.results, strict=True)}


@pytest.mark.parametrize("name", OTHERS)
def test_the_manifest_answers_where_the_picture_does_not(name, answers):
    states = [answers[f"{kind}-{name}"]["state"] for kind in ("signed", "changed", "bare")]
    assert states == ["manifest_untrusted", "tampered", "none_found"]
    for kind in ("signed", "changed", "bare"):
        result = answers[f"{kind}-{name}"]
        layers = {layer["name"]: layer["status"] for layer in result["layers"]}
        assert [layers[layer] for layer in PIXELS] == ["not_checked"] * 3
        assert "looked at, so hidden" in result["summary"] or "only a manifest was looked for" in result["summary"]


def test_a_raw_photograph_is_answered_by_its_manifest(home, tmp_path):
    """A DNG: a TIFF whose first picture is of a kind that intake does not take."""
    raw = io.BytesIO()
    Image.new("I;16", (64, 64)).save(raw, "TIFF", tiffinfo={50706: b"\x01\x04\x00\x00", 262: 32803})
    told = ask(
        home, "verify", write(tmp_path / "raw.dng", sign(MAKER, raw.getvalue(), media_type="image/dng")), "--json"
    )
    assert told.result["state"] == "manifest_untrusted"
    assert statuses(told)["watermark"] == "not_checked"


def test_a_public_video_is_answered(home):
    told = ask(home, "verify", fixture("video1.mp4"), "--json")
    assert (told.code, told.result["state"]) == (0, "manifest_untrusted")


def test_one_byte_too_many_is_a_remark(home, tmp_path):
    told = ask(home, "verify", write(tmp_path / "picture.jpg", PICTURE + b"x"), "--json")
    assert (told.code, told.result["state"]) == (1, "none_found")
    assert told.result["remarks"][0].startswith("1 byte follows the picture")
    assert statuses(told)["watermark"] == "absent"
    assert "1 byte follows the picture" in ask(home, "verify", tmp_path / "picture.jpg").words


@pytest.mark.parametrize("padding", [b"\n", bytes(40)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_padding_explains_a_signature_that_does_not_hold(home, kind, padding, tmp_path):
    data = sign(MAKER, encode(photograph(side=256), kind), media_type=f"image/{kind.lower()}")
    told = ask(home, "verify", write(tmp_path / "picture", data + padding), "--json")
    assert (told.code, told.result["state"]) == (3, "tampered")
    assert "(padding)" in told.result["remarks"][0]


def test_a_sound_is_called_what_it_is_and_a_damaged_one_damaged(home, tmp_path):
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(4000))
    data = sign(MAKER, out.getvalue(), media_type="audio/wav")
    told = ask(home, "verify", write(tmp_path / "a.wav", data))
    assert "By its content it is WAV audio, so only a manifest was looked for" in told.words
    assert "image/jpeg" not in told.words
    told = ask(home, "verify", write(tmp_path / "b.wav", data[:-100]), tmp_path / "a.wav")
    assert told.code == 2
    assert "expected a whole file, got WAV audio" in told.words
    assert told.out.splitlines()[-1] == "2 files: 1 manifest untrusted, 1 error"


def test_what_is_nothing_at_all_is_still_an_error(home, tmp_path):
    paths = [
        write(tmp_path / name, data) for name, data in (("a.txt", b"words"), ("b.jpg", b""), ("c.jpg", PICTURE[:200]))
    ]
    told = ask(home, "verify", *paths, "--json")
    assert told.code == 2
    assert [result["state"] for result in told.results] == ["error"] * 3


def test_the_sidecar_of_another_is_not_taken_for_a_picture(home, tmp_path):
    _, kept = sign_apart(PICTURE)
    path = write(tmp_path / "picture.c2pa", kept)
    told = ask(home, "verify", path, "--json")
    assert told.code in {2, 3}
    shutil.rmtree(tmp_path)
