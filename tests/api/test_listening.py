from api.listening import build_listening
from provenance.media.limits import IntakeLimits
from provenance.media.media import Media
from provenance.media.medium import MEDIA, Claims, Kit
from provenance.storage.blob import Blob
from tests.provenance.media.sound.samples import WAV, blob

MEDIA_HERE = Media([MEDIA.load("picture")(Kit()), MEDIA.load("sound")(Kit())])


def test_what_is_heard_is_encoded_anew(monkeypatch):
    heard = Blob.from_bytes(build_listening(MEDIA_HERE, blob(WAV, channels=2), IntakeLimits()))
    taken = MEDIA_HERE.take(heard, Claims(), IntakeLimits())
    assert (taken.media_type, taken.facts["channels"]) == ("audio/mpeg", 1)
    assert 5.9 < taken.duration_s < 6.2
    monkeypatch.setattr("api.listening.MOST_BLOCKS", 2)
    short = Blob.from_bytes(build_listening(MEDIA_HERE, blob(WAV), IntakeLimits()))
    assert MEDIA_HERE.take(short, Claims(), IntakeLimits()).duration_s < 3.5


def test_what_cannot_be_heard_is_nothing():
    assert build_listening(MEDIA_HERE, Blob.from_bytes(blob(WAV).read()[:3000]), IntakeLimits()) == b""
    assert build_listening(MEDIA_HERE, Blob.from_bytes(b"%PDF-1.7"), IntakeLimits()) == b""
