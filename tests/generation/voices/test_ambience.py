"""What is heard around: soft, of its own kind, the same for one seed."""

import numpy as np
import pytest

from generation.animation.reel import RATE_HZ
from generation.voices.ambience import KINDS, make_ambience
from generation.voices.engine import VoiceError


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_soft_fades_and_is_the_same_again(kind):
    sound = make_ambience(kind, 3.0, 1)
    assert sound.shape == (2, 3 * RATE_HZ)
    assert sound.dtype == np.float32
    level = 20 * np.log10(np.sqrt(np.mean(sound**2)))
    assert -52 < level < -28
    assert np.abs(sound[:, 0]).max() < 1e-4
    assert np.array_equal(sound, make_ambience(kind, 3.0, 1))
    assert not np.array_equal(sound, make_ambience(kind, 3.0, 2))


def test_another_kind_is_refused():
    with pytest.raises(VoiceError, match="rain, sea"):
        make_ambience("fire", 1.0, 1)
