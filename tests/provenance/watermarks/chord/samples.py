"""What the tests of `chord` share: keys, and sound that was marked once."""

from functools import cache

from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.chord.scheme import Chord
from tests.sounds import RATE_HZ, melody

PAYLOAD = 1 << 56 | 0x123456789ABCD
KEY, OTHER = WatermarkKey("one", bytes(range(32))), WatermarkKey("two", bytes(range(32, 64)))
CHORD = Chord((KEY,))


@cache
def marked(duration_s=8.0, seed=1):
    made = CHORD.embed(melody(duration_s, seed), RATE_HZ, PAYLOAD)
    made.flags.writeable = False
    return made
