import io

import av
import numpy as np
import pytest

from generation.animation.reel import RATE_HZ, stills, to_frame, to_planes, write_reel
from provenance.errors import GenerationError
from tests.generation.animation.pictures import photograph


def test_planes_and_back_is_nearly_the_picture():
    again = to_frame(to_planes(photograph()))
    assert np.abs(again.astype(int) - photograph()).mean() < 4
    assert np.abs(to_frame(to_planes(again)).astype(int) - again).mean() < 1.5


@pytest.mark.parametrize("encoder", ["h264", "vp9"])
def test_pictures_and_sound_lie_in_step(encoder):
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    made = write_reel(
        stills((photograph() for _ in range(24)), 24), 24, (240, 160), sound=np.stack([tone, tone]), encoder=encoder
    )
    with av.open(io.BytesIO(made.read_at(0, made.size_bytes))) as opened:
        video, audio = opened.streams.video[0], opened.streams.audio[0]
        frames = list(opened.decode(video))
        assert len(frames) == 24
        assert frames[-1].time == pytest.approx(23 / 24, abs=1e-3)
        assert audio.rate == RATE_HZ
        assert float(audio.duration * audio.time_base) == pytest.approx(1.0, abs=0.05)
        assert frames[0].color_range == 1


def test_the_same_frames_make_the_same_bytes():
    one, two = (write_reel(stills([photograph()] * 3, 12), 12, (240, 160)).sha256 for _ in range(2))
    assert one == two


def test_an_unknown_encoder_is_refused():
    with pytest.raises(GenerationError, match="h264"):
        write_reel([], 24, (240, 160), encoder="mpeg1")
