"""A clip walks the whole line: released with its marks, found again from a part, blocked for a part of another's."""

import io

import av
import pytest

from api.originals import Original
from api.registering import Registrar
from api.wiring import open_site
from policies import gate
from policies.audit.concordance import compare_records
from policies.line.records import find_signals
from policies.rules.decision import Outcome
from provenance.ledger.audit import verify_log
from provenance.media.video.medium import VideoMedium
from tests.clips import clip
from tests.sites import as_submission, build_light_settings


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    settings = build_light_settings(tmp_path_factory.mktemp("clips"), media=("picture", "video"))
    with open_site(settings) as opened:
        yield opened


def reencode(data, *, first=0, last=1000, width=320, height=240):
    """Return another encoding of some of a clip's frames, cropped to a size, without its metadata."""
    file = io.BytesIO()
    with av.open(io.BytesIO(data)) as given, av.open(file, "w", format="mp4") as made:
        video = made.add_stream("libx264", rate=12, options={"crf": "24", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        for number, frame in enumerate(given.decode(video=0)):
            if first <= number < last:
                part = frame.to_ndarray(format="rgb24")[:height, :width]
                made.mux(video.encode(av.VideoFrame.from_ndarray(part.copy(), format="rgb24")))
        made.mux(video.encode(None))
    return file.getvalue()


@pytest.fixture(scope="module")
def released(site):
    result = gate.release(site.deployment, as_submission(clip(count=48, sound=True, pace=0.2), name="clip.mp4"))
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    return result, site.deployment.blobs.public.get(result.public_key)


def test_a_clip_is_released_with_its_marks_and_proved(site, released):
    result, file = released
    made = {mark["kind"]: mark["made"] for mark in result.seal["marks"]}
    assert made["signed_metadata"]
    assert made["watermark"]
    found = site.verifier.verify(file)
    assert (found.state, found.asset_id) == ("consistent", result.asset_id)
    assert found.remarks == ()
    assert list(compare_records(site.deployment.database)) == []
    assert verify_log(site.deployment.log).size == site.deployment.log.size()


def test_a_clip_that_moves_is_looked_at_once_and_only_where_frames_are_coded_by_themselves(site, monkeypatch):
    moving = gate.release(site.deployment, as_submission(clip(count=260, rate=4, pace=2.0), name="moving.mp4"))
    assert moving.outcome is Outcome.RELEASE, moving.decision.reasons
    looks, survey = [], VideoMedium._survey

    def count(medium, *args, **options):
        looks.append(options)
        return survey(medium, *args, **options)

    monkeypatch.setattr(VideoMedium, "_survey", count)
    found = site.verifier.verify(site.deployment.blobs.public.get(moving.public_key))
    assert (found.state, found.asset_id) == ("consistent", moving.asset_id)
    assert looks == [{"is_quick": True}]


def test_a_part_in_another_encoding_is_traced_by_its_mark_and_its_codes(site, released):
    result, file = released
    found = site.verifier.verify(reencode(file, last=36))
    assert (found.state, found.asset_id) == ("stripped_recovered_by_watermark", result.asset_id)
    assert found.layer("fingerprint").status == "found"
    assert " s is " in found.layer("fingerprint").detail["candidates"][0]["variant"]


def test_a_cropped_part_is_no_other_clip(site, released):
    result, file = released
    found = site.verifier.verify(reencode(file, width=256, height=200))
    assert (found.state, found.asset_id) == ("stripped_recovered_by_watermark", result.asset_id)


def test_a_clip_that_shows_a_part_of_a_registered_one_is_blocked_with_both_spans(site, tmp_path):
    work = clip(count=60, name="coffee.png")
    (tmp_path / "work.mp4").write_bytes(work)
    original = Original(str(tmp_path / "work.mp4"), "A film", "Studio")
    (made,) = Registrar(site, ask=lambda question: False).register([original])
    (again,) = Registrar(site, ask=lambda question: False).register([original])
    assert again.is_repeat
    assert again.work.id == made.work.id
    result = gate.release(site.deployment, as_submission(reencode(work, first=18, last=56), name="part.mp4"))
    assert result.outcome is Outcome.BLOCK
    with site.deployment.database.read() as connection:
        signals = {signal.detector: signal for signal in find_signals(connection, result.asset_id)}
    records = [record for record in signals["copyright"].evidence if record.get("about") == "track"]
    (match,) = [record["match"] for record in records if "match" in record]
    assert match["work_id"] == made.work.id
    assert match["together"]["there"] == pytest.approx([1.5, 4.5], abs=0.6)
    assert match["together"]["here"] == pytest.approx([0.0, 3.0], abs=0.6)


def test_a_release_whose_manifest_lies_beside_it_is_named_in_what_is_made_of_it(site):
    """c2pa cannot write into WebM: the chain says that there is a manifest, and which."""
    here = site.deployment
    first = gate.release(here, as_submission(clip(count=24, kind="webm", codec="libvpx-vp9")))
    handed_in = here.blobs.public.open(first.public_key).read()
    second = gate.release(here, as_submission(handed_in))
    assert second.seal["source"]["manifest"]["presence"] == "beside"
    found = site.verifier.verify(here.blobs.public.open(second.public_key))
    (ingredient,) = found.layers[0].detail["ingredients"]
    assert (ingredient["relationship"], ingredient["state"]) == ("parentOf", "elsewhere")
