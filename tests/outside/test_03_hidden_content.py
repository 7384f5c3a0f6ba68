"""Fault 3: what nobody sees shipped: prompts in low bits, colour and whole works under transparency, mirages."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from api.wiring import open_site
from policies import gate
from policies.rules.decision import Outcome
from provenance.media.picture.image import Picture, parse_image
from tests.detectors.test_mirage import mirage
from tests.sites import as_submission, build_light_settings, build_settings, encode, photograph

SIDE = 288
PROMPT = "EXAMPLE PROMPT: a red boat under a blue moon, masterpiece"
LOSSLESS = ("PNG", "TIFF")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(build_light_settings(tmp_path_factory.mktemp("site") / "home")) as opened:
        yield opened


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A site under the baseline pack."""
    with open_site(build_settings(tmp_path_factory.mktemp("strict") / "home")) as opened:
        yield opened


def release(site, data, **fields):
    result = gate.release(site.deployment, as_submission(data, **fields))
    return result, site.deployment.blobs.public.get(result.public_key) if result.public_key else b""


def bits_of(text):
    return np.unpackbits(np.frombuffer(text.encode(), np.uint8))


def read_bits(plane):
    """Return every text that the lowest and second bits of a plane spell, by rows and by columns, as bytes."""
    orders = (plane.ravel(), plane.T.ravel())
    return b"|".join(np.packbits(order >> bit & 1).tobytes() for order in orders for bit in (0, 1))


def rgba(image):
    return np.dstack([np.asarray(image.convert("RGB")), np.full((image.height, image.width), 255, np.uint8)])


def saved(pixels, kind="PNG"):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    return out.getvalue()


@pytest.mark.parametrize("base", [254, 128, 64])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_a_prompt_in_the_low_bits_of_alpha_does_not_ship(site, kind, base):
    pixels = rgba(photograph(side=SIDE))
    message = bits_of(PROMPT * 40)
    alpha = np.full(pixels.shape[0] * pixels.shape[1], base, np.uint8)
    alpha[: message.size] |= message
    pixels[..., 3] = (
        alpha.reshape(pixels.shape[1], pixels.shape[0]).T if kind == "PNG" else alpha.reshape(pixels.shape[:2])
    )
    data = saved(pixels, kind)
    assert PROMPT.encode() in read_bits(parse_image(data).alpha)
    result, file = release(site, data)
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    shipped = parse_image(file)
    assert shipped.alpha is None or PROMPT.encode() not in read_bits(shipped.alpha)
    assert result.seal["source"]["cleaned"] == ["a pattern in the low bits of transparency"]


@pytest.mark.parametrize("kind", LOSSLESS)
@pytest.mark.parametrize("pack", ["light", "unmarked"])
def test_a_prompt_in_the_low_bits_of_colour_does_not_ship(tmp_path, site, kind, pack):
    """With the watermark over it and without: the second pack demands a signed manifest only."""
    pixels = np.asarray(photograph(side=SIDE).convert("RGB")).copy()
    message = bits_of(PROMPT * 40)
    flat = pixels.reshape(-1)
    flat[: message.size] = flat[: message.size] & 0xFE | message
    data = saved(pixels, kind)
    assert PROMPT.encode() in np.packbits(parse_image(data).frame.ravel() & 1).tobytes()
    if pack == "light":
        file = release(site, data)[1]
    else:
        settings = build_light_settings(tmp_path / "home", packs=("unmarked",))
        with open_site(settings) as plain:
            file = release(plain, data)[1]
    assert PROMPT[:16].encode() not in np.packbits(parse_image(file).frame.ravel() & 1).tobytes()


def hide(work):
    """A harmless picture over `work`, which stands under alpha 0."""
    pixels = rgba(work)
    height = pixels.shape[0]
    pixels[: height // 8, :, 3] = 255
    pixels[height // 8 :, :, 3] = 0
    return pixels


def test_a_registered_work_under_alpha_0_is_not_released(strict):
    work = photograph("coffee.png", SIDE)
    registered = strict.deployment.works.register(Picture.from_frame(np.asarray(work)), title="Coffee", owner="S")
    result, file = release(strict, saved(hide(work)))
    assert result.outcome is Outcome.BLOCK
    assert file == b""
    assert any(reason.category == "copyright_block" for reason in result.decision.reasons)
    assert registered.id


def test_colour_under_transparency_is_gone_and_said(site):
    result, file = release(site, saved(hide(photograph("chelsea.png", SIDE))))
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    shipped = parse_image(file)
    under = shipped.frame[shipped.alpha == 0].astype(int)
    assert under.std(axis=0).max() < 8, "one colour, and the watermark over it"
    assert result.seal["source"]["cleaned"] == ["colour under transparent pixels"]


def test_cleaning_can_be_switched_off(tmp_path):
    settings = build_light_settings(tmp_path / "home", clean_hidden=False)
    with open_site(settings) as site:
        result, file = release(site, saved(hide(photograph("chelsea.png", SIDE))))
    shipped = parse_image(file)
    assert shipped.frame[shipped.alpha == 0].astype(int).std(axis=0).max() > 30
    assert result.seal["source"]["cleaned"] == []


def test_a_picture_that_changes_with_the_background_is_held(strict):
    both = mirage("astronaut.png", "chelsea.png")
    result, _ = release(strict, saved(np.dstack([both.frame, both.alpha])))
    assert result.outcome is Outcome.HOLD
    (reason,) = [reason for reason in result.decision.reasons if reason.category == "incoming_mirage"]
    assert "light background" in reason.text


def test_a_cut_out_is_not_held_for_its_transparency(strict):
    image = photograph("chelsea.png", SIDE)
    pixels = rgba(image)
    y, x = np.mgrid[: image.height, : image.width]
    soft = 130 - np.hypot(y - image.height / 2, x - image.width / 2)
    pixels[..., 3] = np.clip(soft * 25, 0, 255).astype(np.uint8)
    pixels[pixels[..., 3] == 0, :3] = 255
    result, _ = release(strict, saved(pixels))
    assert not [reason for reason in result.decision.reasons if reason.category.startswith("incoming_")]


def test_an_opaque_picture_is_screened_once_and_its_evidence_names_no_view(strict):
    result, _ = release(strict, encode(photograph("rocket.jpg", SIDE)))
    signals = strict.deployment.database
    with signals.read() as connection:
        from policies.line.records import find_signals

        found = {signal.detector: signal for signal in find_signals(connection, result.asset_id)}
    assert "view" not in json.dumps(found["copyright"].evidence)
    assert found["nsfw"].evidence[0]["views"] == 1
