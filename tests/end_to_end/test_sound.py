"""A sound walks the whole line: held for somebody to listen, approved, marked, signed, published, traced."""

from dataclasses import replace

import numpy as np
import pytest

from api.animating import compose
from api.wiring import open_site
from generation.sounding import OWN
from policies import gate
from policies.audit.concordance import compare_records
from policies.review.judgement import review
from policies.rules.decision import Outcome
from provenance.asset import Origin
from provenance.media.medium import Claims
from provenance.storage.blob import Blob
from tests.provenance.media.sound.samples import OGG, WAV, blob
from tests.sites import as_submission, build_settings
from tests.sounds import RATE_HZ, pack_wav


@pytest.fixture
def site(tmp_path):
    with open_site(build_settings(tmp_path / "home", media=("picture", "sound"))) as opened:
        yield opened


@pytest.mark.parametrize("media_type", [WAV, OGG])
def test_a_sound_is_held_released_and_traced(site, media_type):
    here = site.deployment
    held = gate.release(here, as_submission(blob(media_type).read(), name=f"a{media_type.extension}"))
    assert held.outcome is Outcome.HOLD, "no detector has listened"
    assert "nothing and nobody has listened to its sound" in " ".join(reason.text for reason in held.decision.reasons)
    result = review(here, held.asset_id, outcome=Outcome.RELEASE, reviewer="mo", reason="a melody")
    assert result.outcome is Outcome.RELEASE
    made = {mark["kind"]: mark["made"] for mark in result.seal["marks"]}
    assert made["watermark"]
    assert made["signed_metadata"]
    file = here.blobs.public.get(result.public_key)
    found = site.verifier.verify(file)
    assert (found.state, found.asset_id) == ("consistent", result.asset_id)
    assert list(compare_records(here.database)) == []
    if media_type != WAV:
        return
    sound = here.media.take(Blob.from_bytes(file), Claims(), here.limits)
    part = np.concatenate(list(sound.blocks()), axis=1)[:, RATE_HZ : 5 * RATE_HZ]
    by_mark = site.verifier.verify(pack_wav(part))
    assert by_mark.asset_id == result.asset_id


@pytest.mark.parametrize("words", ["a calm night by the sea", "安静的夜晚"])
def test_what_the_gate_composed_itself_is_released_and_the_same_sound_from_outside_is_held(tmp_path, words):
    """No word can be said in notes that this gate played; that they are such is for the gate to know alone."""
    settings = build_settings(tmp_path / "home", media=("picture", "sound"))
    with open_site(settings) as opened:
        here = opened.deployment
        made = compose(here, OWN, words, 20.0, 7, name="tune.wav")
        result = gate.release(here, made)
        assert result.outcome is Outcome.RELEASE, result.decision.reasons
        assert {mark["kind"] for mark in result.seal["marks"] if mark["made"]} >= {"watermark", "signed_metadata"}
        found = opened.verifier.verify(here.blobs.public.get(result.public_key))
        assert (found.state, found.asset_id) == ("consistent", result.asset_id)
        other = compose(here, OWN, words, 20.0, 8, name="tune.wav")
        claimed = replace(other, origin=Origin.SUBMITTED)
        held = gate.release(here, claimed)
        assert held.outcome is Outcome.HOLD
        assert "listened to its sound" in " ".join(reason.text for reason in held.decision.reasons)


def test_sound_passes_by_its_levels_where_the_operator_says_that_this_is_enough(tmp_path):
    detectors = ("prompt", "incoming_marks", "copyright", "nsfw", "levels")
    for enough, outcome in ((False, Outcome.HOLD), (True, Outcome.RELEASE)):
        options = {"levels": {"enough": enough}}
        settings = build_settings(
            tmp_path / str(enough), media=("picture", "sound"), detectors=detectors, detector_options=options
        )
        with open_site(settings) as opened:
            made = gate.release(opened.deployment, as_submission(blob(WAV).read(), name="a.wav"))
            assert made.outcome is outcome
            if enough:
                silence = pack_wav(np.zeros((1, 4 * RATE_HZ), np.float32))
                assert gate.release(opened.deployment, as_submission(silence, name="b.wav")).outcome is Outcome.HOLD
