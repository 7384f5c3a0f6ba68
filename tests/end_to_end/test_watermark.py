"""The tile down the line: what becomes of a released picture in the world, and what verification says of it then."""

import io
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

from api.wiring import open_site
from policies import gate
from policies.rules.decision import Outcome
from provenance.asset import MediaType
from provenance.errors import AssetError
from provenance.manifests.validation import read_manifest
from provenance.media.picture.image import parse_image
from provenance.watermarks.tile2.scheme import Tile2
from tests.end_to_end.attackers import repaint
from tests.sites import LIGHT_PACKS, as_submission, build_light_settings, build_sealer, encode, photograph, pictures

SIDE = 640


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(build_light_settings(tmp_path_factory.mktemp("site") / "home")) as opened:
        yield opened


def release(site, data, **fields):
    result = gate.release(site.deployment, as_submission(data, **fields))
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    return result, site.deployment.blobs.public.get(result.public_key)


@pytest.fixture(scope="module")
def coffee(site):
    return release(site, encode(photograph(side=SIDE), "PNG"))


def opened(data):
    return Image.open(io.BytesIO(data)).convert("RGB")


def quarter(picture, left=0.5, top=0.25):
    width, height = picture.size
    box = (int(width * left), int(height * top))
    return picture.crop((*box, box[0] + width // 2, box[1] + height // 2))


def screenshot(picture):
    """Shown smaller on a page with a bar above and a caption below, captured, and sent on as JPEG."""
    shown = picture.resize((picture.width * 7 // 10, picture.height * 7 // 10), Image.Resampling.BICUBIC)
    page = Image.new("RGB", (shown.width + 80, shown.height + 180), (245, 245, 247))
    page.paste((32, 33, 36), (0, 0, page.width, 60))
    page.paste(shown, (40, 90))
    for row in range(3):
        page.paste((90, 90, 90), (40, shown.height + 110 + 20 * row, 40 + 300, shown.height + 118 + 20 * row))
    return page


CHAINS = {
    "stripped and saved as JPEG 50": lambda picture: encode(picture, quality=50),
    "cropped to a quarter": lambda picture: encode(quarter(picture), quality=80),
    "another quarter, saved as PNG": lambda picture: encode(quarter(picture, 0.1, 0.45), "PNG"),
    "turned by 5 degrees": lambda picture: encode(picture.rotate(5, Image.Resampling.BICUBIC), quality=85),
    "half as large": lambda picture: encode(
        picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS), quality=85
    ),
    "a screenshot sent on": lambda picture: encode(screenshot(picture), quality=75),
    "mirrored and cropped": lambda picture: encode(quarter(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))),
    "black and white": lambda picture: encode(picture.convert("L"), quality=75),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_the_manifest_is_recovered_after(site, coffee, chain):
    result, data = coffee
    verification = site.verifier.verify(CHAINS[chain](opened(data)))
    assert verification.state == "stripped_recovered_by_watermark", verification.layer("watermark")
    assert verification.asset_id == result.asset_id
    assert verification.manifest_id == result.seal["manifest_id"]
    layer = verification.layer("watermark")
    assert (layer.status, layer.technique) == ("found", "org.chopmark.tile.2")
    assert layer.detail["score"] > 8
    assert 0 < layer.detail["false_positive_bound"] < 1e-8
    assert "chance in an unmarked picture at most" in layer.text
    assert verification.layer("ledger").status == "found"


def test_a_mark_copied_onto_another_photograph_is_a_conflict(site, coffee):
    """What marking changed is added to another picture: the mark reads, and the record knows another picture."""
    result, data = coffee
    mark = np.asarray(opened(data)).astype(int) - np.asarray(photograph(side=SIDE)).astype(int)
    for name in ("rocket.jpg", "chelsea.png"):
        other = cv2.resize(np.asarray(photograph(name)), mark.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        forged = np.clip(other + mark, 0, 255).astype(np.uint8)
        verification = site.verifier.verify(encode(Image.fromarray(forged), "PNG"))
        assert verification.state == "transplanted_watermark"
        assert verification.is_conflict
        layer = verification.layer("watermark")
        assert layer.status == "failed"
        assert layer.detail["asset_id"] == result.asset_id
        assert layer.detail["shared_details"] < 10
        assert "differs from this one" in layer.text


def test_a_part_is_not_called_a_copied_mark_nor_compared_with_a_file_that_was_exchanged(site, coffee):
    """Without the released file the signed fingerprint alone decides, and a part of a picture has another one."""
    result, data = coffee
    part = CHAINS["cropped to a quarter"](opened(data))
    public = site.deployment.blobs.public
    public.put(result.public_key, encode(photograph(side=SIDE), "PNG"))
    try:
        layer = site.verifier.verify(part).layer("watermark")
        assert (layer.status, layer.detail["shared_details"]) == ("failed", None)
    finally:
        public.put(result.public_key, data)
    assert site.verifier.verify(part).layer("watermark").detail["shared_details"] >= 10


def test_a_mark_alone_is_never_called_proof(site, coffee):
    watermark = pictures(site).watermark
    payload = int(coffee[0].seal["soft_bindings"][0]["value"], 16)
    even = repaint(
        encode(Image.new("RGB", (500, 400), (120, 110, 100)), "PNG"), lambda it: watermark.embed(it, payload)
    )
    unknown = repaint(encode(photograph("rocket.jpg"), "PNG"), lambda it: watermark.embed(it, 1 << 56 | 9))
    for data, state in ((even, "stripped_recovered_by_watermark"), (unknown, "watermark_unresolved")):
        verification = site.verifier.verify(data)
        assert verification.state == state
        assert "a mark alone is no proof: it can be copied" in verification.summary.lower()


def test_marks_of_the_scheme_before_are_still_read(site):
    old = pictures(site).readers["dwt_dct_svd"]
    here = replace(site.deployment, sealer=build_sealer(site, watermark=old))
    result = gate.release(here, as_submission(encode(photograph("motorcycle_left.png"), "PNG")))
    data = site.deployment.blobs.public.get(result.public_key)
    verification = site.verifier.verify(encode(opened(data), quality=80))
    assert verification.state == "stripped_recovered_by_watermark"
    layer = verification.layer("watermark")
    assert layer.technique == "org.chopmark.dwtdctsvd.1"
    assert layer.detail["score"] is None


def test_what_was_released_under_the_first_tile_is_still_found(tmp_path):
    """A site that embedded `tile` goes over to the new default: what it released before is recovered as before."""
    home = tmp_path / "home"
    with open_site(build_light_settings(home, watermark="tile", read_watermarks=("tile",))) as before:
        old, data = release(before, encode(photograph("chelsea.png", 400), "PNG"))
    with open_site(build_light_settings(home)) as here:
        verification = here.verifier.verify(encode(opened(data), quality=70))
        assert verification.layer("watermark").technique == "org.chopmark.tile.1"
        assert (verification.state, verification.asset_id) == ("stripped_recovered_by_watermark", old.asset_id)


@pytest.mark.parametrize(("required", "stages"), [("incoming_marks", [None, "straight"]), ("copyright", ["straight"])])
def test_the_line_reads_back_where_it_laid_the_tile_and_searches_what_packs_ask_about(
    site, tmp_path, monkeypatch, required, stages
):
    """A pack that requires the marks' detector has pixels searched; the seal reads its own back without a search."""
    document = (LIGHT_PACKS / "light.yaml").read_text(encoding="utf-8").replace("name: light", "name: one")
    (tmp_path / "one.yaml").write_text(
        document.replace("detector: incoming_marks", f"detector: {required}"), encoding="utf-8"
    )
    seen = []
    look = Tile2.inspect

    def watched(self, frame):
        found = look(self, frame)
        seen.append(found and found.stage)
        return found

    monkeypatch.setattr(Tile2, "inspect", watched)
    with open_site(build_light_settings(site.settings.home, pack_folders=(LIGHT_PACKS, tmp_path))) as here:
        handed_in = replace(as_submission(encode(photograph("chelsea.png", 400))), packs=("one",))
        assert gate.release(here.deployment, handed_in).outcome is Outcome.RELEASE
    assert seen == stages


ASKS = """
thresholds:
  incoming_own_mark:
    hold: 0.5
    clause: House rules 4
    text: the file carries our own mark
"""


def test_a_pack_that_asks_which_marks_came_in_gets_the_search(site, tmp_path, coffee):
    """A part of what was released, without its metadata, is known by the mark in its pixels alone, and held."""
    document = (LIGHT_PACKS / "light.yaml").read_text(encoding="utf-8").replace("name: light", "name: asking")
    (tmp_path / "asking.yaml").write_text(document.replace("\nthresholds:\n", ASKS), encoding="utf-8")
    home, folders = site.settings.home, (LIGHT_PACKS, tmp_path)
    handed_in = as_submission(encode(quarter(opened(coffee[1])), quality=85))
    with open_site(build_light_settings(home, pack_folders=folders)) as asking:
        unasked, asked = (
            gate.release(asking.deployment, replace(handed_in, packs=packs)) for packs in ((), ("light", "asking"))
        )
    assert unasked.outcome is Outcome.RELEASE
    assert (asked.outcome, [reason.category for reason in asked.decision.reasons]) == (
        Outcome.HOLD,
        ["incoming_own_mark"],
    )


# pictures that cannot carry it


SMALL = (120, 250)


def small():
    return encode(photograph("chelsea.png").crop((60, 60, 60 + SMALL[0], 60 + SMALL[1])), "PNG")


def test_a_picture_too_small_is_released_with_its_other_marks_where_no_pack_requires_this_one(site, tmp_path):
    settings = build_light_settings(tmp_path / "home", packs=("optional",), pack_folders=(write_pack(tmp_path),))
    with open_site(settings) as here:
        result, data = release(here, small())
        marks = {mark["kind"]: mark for mark in result.seal["marks"]}
        assert not marks["watermark"]["made"]
        assert "expected sides of at least 128 pixels, got 120x250" in marks["watermark"]["detail"]["problem"]
        assert marks["signed_metadata"]["made"]
        assert [one["alg"] for one in result.seal["soft_bindings"]] == ["org.chopmark.pdq.1"]
        report = read_manifest(data, MediaType.PNG, here.verifier._trust)
        assert not [action for action in report.actions if "watermarked" in action]
        verification = here.verifier.verify(data)
        assert verification.state == "consistent"
        assert verification.layer("watermark").status == "absent"


def write_pack(folder):
    """The light pack, with a watermark where the picture can carry one."""
    packs = folder / "packs"
    packs.mkdir()
    pack = yaml.safe_load((Path(__file__).parents[1] / "packs" / "light.yaml").read_text("utf-8"))
    pack["name"] = "optional"
    for obligation in pack["obligations"]:
        obligation["required"] = obligation["mark"] != "watermark"
    (packs / "optional.yaml").write_text(yaml.safe_dump(pack), "utf-8")
    return packs


def test_a_picture_too_small_is_held_where_a_pack_requires_it(site):
    result = gate.release(site.deployment, as_submission(small()))
    assert result.outcome is Outcome.HOLD
    assert result.decision.decided_by == "seal"
    assert "expected sides of at least 128 pixels, got 120x250" in result.decision.reasons[0].text


# pictures of every kind: what intake makes of them carries the mark


def sixteen_bits():
    levels = np.asarray(photograph(side=400).convert("L"), dtype=np.uint16) * 257
    return encode(Image.fromarray(levels), "PNG")


def sixteen_bit_colour():
    levels = cv2.cvtColor(np.asarray(photograph(side=400)), cv2.COLOR_RGB2BGR).astype(np.uint16) * 257
    return cv2.imencode(".png", levels)[1].tobytes()


def alpha():
    picture = photograph(side=400)
    picture.putalpha(Image.linear_gradient("L").resize(picture.size).point(lambda value: 64 + value * 3 // 4))
    return encode(picture, "PNG")


KINDS = {
    "greyscale": lambda: encode(photograph(side=400).convert("L"), "PNG"),
    "16 bits": sixteen_bits,
    "16 bits, colour": sixteen_bit_colour,
    "alpha": alpha,
    "palette": lambda: encode(photograph(side=400).quantize(128), "PNG"),
    "a still GIF": lambda: encode(photograph(side=400), "GIF"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_marked_whatever_its_pixels_were(site, kind):
    _, data = release(site, KINDS[kind]())
    shipped = parse_image(data)
    stripped = encode(Image.fromarray(shipped.frame), quality=70)
    verification = site.verifier.verify(stripped)
    assert verification.layer("watermark").technique == "org.chopmark.tile.2"
    assert verification.state == "stripped_recovered_by_watermark"
    if kind == "greyscale":
        assert np.ptp(shipped.frame.astype(int), axis=2).max() <= 1, "no colour comes in"


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_moving_pictures_are_refused_at_the_door(site, kind):
    frames = [photograph(name, side=300).resize((400, 300)) for name in ("coffee.png", "chelsea.png")]
    moving = encode(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    with pytest.raises(AssetError, match="expected at most 1 frame"):
        gate.release(site.deployment, as_submission(moving))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_part_of_a_release_is_released_as_one_of_its_own(site, coffee, kind):
    """Its first mark lies under the new one, and goes first."""
    part = opened(coffee[1]).crop((128, 128, 128 + 448, 128 + 320))
    done = gate.release(site.deployment, as_submission(encode(part, kind, quality=90)))
    assert done.outcome is Outcome.RELEASE, done.decision.reasons
    bare = encode(opened(site.deployment.blobs.public.get(done.public_key)), "PNG")
    report = site.verifier.verify(bare)
    assert (report.state.value, report.asset_id) == ("stripped_recovered_by_watermark", done.asset_id)
