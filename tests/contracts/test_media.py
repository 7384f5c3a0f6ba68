"""What every medium keeps to: the built-in ones, third parties', and the toy."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import entry_points

import pytest

from policies.rules.marks import known_parameters
from provenance.asset import AssetId, Digest
from provenance.errors import AssetError, AssetTooLargeError, MislabelledAssetError
from provenance.fingerprints.pdq import Pdq
from provenance.grant import Grant, MarkKind, Obligation
from provenance.media.limits import IntakeLimits
from provenance.media.medium import MEDIA, Claims, Kit, Measuring, Orders, Provider
from provenance.storage.blob import Blob
from provenance.watermarks.base import WatermarkKey
from provenance.watermarks.dwt_dct_svd import DwtDctSvd
from provenance.watermarks.tile2.scheme import Tile2
from tests import toy_medium
from tests.clips import clip
from tests.letters import letter
from tests.papers import paper
from tests.sites import encode, photograph
from tests.sounds import melody, pack_wav

NAMES = sorted({*MEDIA.builtins, *(point.name for point in entry_points(group="chopmark.media"))})
KEYS = (WatermarkKey("own", bytes(range(32))),)
SCHEME = DwtDctSvd(KEYS)
KIT = Kit(KEYS, SCHEME, {"dwt_dct_svd": SCHEME}, (Pdq(),))
TILE = Tile2(KEYS)
PAGES = Kit(KEYS, TILE, {"tile2": TILE}, (Pdq(),))
LIMITS = IntakeLimits()
WORDS = [f"line {number} says something of its own about boat number {number * 7}" for number in range(12)]


def spell(words):
    return toy_medium.MAGIC + "\n".join(words).encode()


@dataclass(frozen=True)
class Case:
    """A medium with files of it: one sound, one that is like it, one that is not; and how another's begins."""

    build: Callable
    sound: bytes
    alike: bytes
    other: bytes
    stranger: tuple[str, bytes] = ("application/pdf", b"%PDF-1.7 and so on")


CASES = {
    "picture": Case(
        lambda: MEDIA.load("picture")(KIT),
        encode(photograph(side=288), "PNG"),
        encode(photograph(side=288), quality=60),
        encode(photograph("chelsea.png", 288), "PNG"),
    ),
    "video": Case(
        lambda: MEDIA.load("video")(KIT),
        clip(width=256, height=200, name="coffee.png"),
        clip(width=256, height=200, name="coffee.png", kind="mov", crf="30"),
        clip(width=256, height=200, name="rocket.jpg"),
    ),
    "sound": Case(
        lambda: MEDIA.load("sound")(KIT),
        pack_wav(melody(6.0)),
        pack_wav(melody(6.0) * 0.5 + 0.002),
        pack_wav(melody(6.0, 2)),
    ),
    "text": Case(
        lambda: MEDIA.load("text")(KIT),
        letter(),
        letter(number=3).replace(b"# ", b"## "),
        letter(seed=2),
    ),
    "pdf": Case(
        lambda: MEDIA.load("pdf")(PAGES),
        paper(),
        paper(title="The same under another title", size=10),
        paper(seed=2),
        ("image/png", b"\x89PNG\r\n\x1a\n"),
    ),
    "lines": Case(
        lambda: toy_medium.build_medium(KIT), spell(WORDS), spell([*WORDS[:-1], "a last"]), spell(["a", "b c d"])
    ),
}


@pytest.fixture(params=sorted({*NAMES, *CASES}))
def case(request):
    """A third party's medium without a case here is held to what needs no file."""
    return CASES.get(request.param) or pytest.skip(f"tests/contracts/test_media.py has no files of {request.param}")


@pytest.fixture
def medium(case):
    return case.build()


def orders(file, kinds=MarkKind, **changes):
    licence = Grant(
        AssetId("a"), Digest("0" * 64), "d", (), tuple(Obligation(kind, required=False) for kind in kinds), 7
    )
    given = {"grant": licence, "payload": 7 << 8 | 1, "provider": Provider("somebody"), "recipe": {}, "original": file}
    return Orders(AssetId("a"), **{**given, **changes})


def test_it_says_what_it_is(case, medium):
    assert medium.name.isidentifier()
    assert medium.types
    assert len(set(medium.types)) == len(medium.types)
    assert medium.carriers
    assert medium.marks <= set(MarkKind) - {MarkKind.SIGNED_METADATA, MarkKind.TIMESTAMP}
    media_type = medium.sniff(case.sound[:4096])
    assert media_type in medium.types
    assert medium.shipping_type(media_type) in medium.types
    assert media_type.extension.startswith(".")
    assert medium.sniff(b"") is None
    assert medium.sniff(case.stranger[1]) is None


def test_what_it_takes_it_shows(case, medium):
    content = medium.take(Blob.from_bytes(case.sound), Claims(), LIMITS)
    views = tuple(content.views())
    assert {view.kind for view in views} == medium.carriers
    assert content.media_type == medium.sniff(case.sound[:4096])
    assert content.size_bytes > 0
    assert all(isinstance(value, int | float | str) for value in content.facts.values())
    with pytest.raises(AssetTooLargeError):
        medium.take(Blob.from_bytes(case.sound), Claims(), replace(LIMITS, max_bytes=8))
    with pytest.raises(MislabelledAssetError):
        medium.take(Blob.from_bytes(case.sound), Claims(media_type=case.stranger[0]), LIMITS)


def test_a_damaged_file_is_an_error_of_ours(case, medium):
    for cut in range(len(case.sound[:4096]), 0, -97):
        damaged = Blob.from_bytes(case.sound[:cut] + b"\xff" * 40)
        if medium.sniff(damaged.read()[:4096]) is None:
            continue
        with pytest.raises(AssetError):
            medium.take(damaged, Claims(), LIMITS)
        seen = medium.look(damaged, LIMITS)
        assert (seen.content is None) == (seen.problem is not None)
        assert medium.weigh(damaged, LIMITS) >= 0


def test_what_headers_say_is_what_is_taken(case, medium):
    if not isinstance(medium, Measuring):
        return  # it has to decode to say anything, and is asked nothing else
    file = Blob.from_bytes(case.sound)
    measured, content = medium.measure(file, Claims(), LIMITS), medium.take(file, Claims(), LIMITS)
    assert (measured.media_type, measured.facts) == (content.media_type, content.facts)
    assert measured.weight > 0
    for limits, claims in ((replace(LIMITS, max_bytes=8), Claims()), (LIMITS, Claims(media_type=case.stranger[0]))):
        with pytest.raises(AssetError):
            medium.measure(file, claims, limits)


def test_every_mark_reads_back_from_the_file(case, medium):
    file = Blob.from_bytes(case.sound)
    content = medium.take(file, Claims(), LIMITS)
    before = tuple(medium.fingerprint(content))
    made = medium.mark(content, orders(file))
    found = medium.show(made.file, made)
    assert found.problem == ""
    assert set(found.marks) == medium.marks
    assert all(mark.is_made and mark.technique for mark in found.marks.values())
    assert medium.fingerprint(content) == before, "what came in stays as it is"
    assert medium.mark(content, orders(file)).file.sha256 == made.file.sha256
    again = medium.take(made.file, Claims(), LIMITS)
    reading = medium.read_mark(again).reading
    assert (reading.payload, reading.alg) == (7 << 8 | 1, made.marks.watermark.alg)
    assert reading.alg in medium.mark_algs
    assert medium.read_labels(made.file) is not None


def test_a_label_may_have_parameters_that_are_for_other_media(case, medium):
    """One pack is for every medium: each takes of its label what concerns it."""
    label = MarkKind.EXPLICIT_LABEL
    said = {"text": "AI", "min_height_ratio": 0.06, "corner": "top_left", "seconds": 2, "text_position": "end"}
    assert said.keys() == known_parameters(label).keys()
    if label in medium.marks:
        file = Blob.from_bytes(case.sound)
        grant = Grant(AssetId("a"), Digest("0" * 64), "d", (), (Obligation(label, parameters=said, required=False),), 7)
        made = medium.mark(medium.take(file, Claims(), LIMITS), orders(file, grant=grant))
        assert medium.show(made.file, made).marks[label].is_made


def test_what_is_not_granted_is_not_made(case, medium):
    file = Blob.from_bytes(case.sound)
    made = medium.mark(medium.take(file, Claims(), LIMITS), orders(file, ()))
    assert not any(mark.is_made for mark in medium.show(made.file, made).marks.values())
    assert made.marks.watermark is None
    assert medium.read_mark(medium.take(made.file, Claims(), LIMITS)).reading is None


def test_a_mark_that_is_gone_is_missed(case, medium):
    file = Blob.from_bytes(case.sound)
    content = medium.take(file, Claims(), LIMITS)
    made = medium.mark(content, orders(file))
    bare = medium.mark(content, orders(file, ()))
    assert not medium.show(bare.file, made).marks[MarkKind.WATERMARK].is_made
    other = Blob.from_bytes(case.other)
    swapped = medium.mark(medium.take(other, Claims(), LIMITS), orders(other))
    assert medium.show(swapped.file, made).problem


def test_releases_are_found_by_their_code(case, medium):
    take = [medium.take(Blob.from_bytes(data), Claims(), LIMITS) for data in (case.sound, case.alike, case.other)]
    codes = [medium.fingerprint(content)[0] for content in take]
    assert {code.alg for code in codes} == {medium.code_alg}
    assert medium.compare(take[1], codes[0].value, lambda: take[0]).agrees is True
    assert not medium.compare(take[2], codes[0].value, lambda: None).agrees
    assert medium.compare(take[0], None, lambda: None).agrees is None


def test_threads_share_it(case, medium):
    file = Blob.from_bytes(case.sound)
    content = medium.take(file, Claims(), LIMITS)
    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(lambda _: medium.mark(content, orders(file)).file.sha256, range(8)))
    assert len(made) == 1
