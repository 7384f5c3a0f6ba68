from api.playing import build_playing
from provenance.media.limits import IntakeLimits
from provenance.media.media import Media
from provenance.media.medium import MEDIA, Claims, Kit
from provenance.storage.blob import Blob
from tests.clips import clip
from tests.provenance.media.sound.samples import WAV, blob

MEDIA_HERE = Media([MEDIA.load(name)(Kit()) for name in ("picture", "sound", "video")])


def test_a_clip_is_watched_and_nothing_else_is():
    made = Blob.from_bytes(build_playing(MEDIA_HERE, Blob.from_bytes(clip(4)), IntakeLimits()))
    assert MEDIA_HERE.take(made, Claims(), IntakeLimits()).media_type == "video/webm"
    for other in (blob(WAV), Blob.from_bytes(b"%PDF-1.7"), Blob.from_bytes(clip(4)[:-50])):
        assert build_playing(MEDIA_HERE, other, IntakeLimits()) == b""
