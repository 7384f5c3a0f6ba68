"""One walker a format: what it gives out covers the file, and a file that is put together again from it is the same."""

import random

import pytest

from provenance.asset import MediaType
from provenance.errors import AssetError
from provenance.media.containers import bmff, gif, jpeg, png, webp
from provenance.media.containers.base import Edit, Tally, splice
from provenance.media.limits import IntakeLimits
from provenance.media.picture.image import find_end, measure_image
from provenance.storage.octets import Window
from tests import image_bytes as make

LIMITS = IntakeLimits()


def jpeg_pieces(data):
    segments = list(jpeg.read_segments(data))
    ends = [*(segment.fill for segment in segments[1:]), segments[-1].stop]
    return [(segment.fill, end) for segment, end in zip(segments, ends, strict=True)]


PIECES = {
    MediaType.JPEG: jpeg_pieces,
    MediaType.PNG: lambda data: [(chunk.start, chunk.stop) for chunk in png.read_chunks(data)],
    MediaType.WEBP: lambda data: [(chunk.start, chunk.stop) for chunk in webp.read_chunks(data)],
    MediaType.GIF: lambda data: [
        (block.start, block.stop) for block in gif.read_blocks(data, Tally(MediaType.GIF, LIMITS))
    ],
    MediaType.AVIF: lambda data: [(box.at, box.stop) for box in bmff.read_boxes(data, 0, len(data), "x")],
    MediaType.HEIC: lambda data: [(box.at, box.stop) for box in bmff.read_boxes(data, 0, len(data), "x")],
}


@pytest.mark.parametrize("media_type", PIECES)
def test_the_pieces_cover_the_file_and_make_it_again(media_type):
    data = make.valid(media_type.value)
    pieces = PIECES[media_type](data)
    assert [stop for _, stop in pieces][:-1] == [start for start, _ in pieces][1:]
    assert pieces[-1][1] == find_end(data, limits=LIMITS) == len(data)
    assert splice(data, [Edit(start, stop, data[start:stop]) for start, stop in pieces]) == data
    assert splice(data, []) == data


@pytest.mark.parametrize("media_type", MediaType)
def test_a_walk_is_the_same_in_memory_and_on_disk(media_type):
    chance, valid = random.Random(7), make.valid(media_type.value)
    for _ in range(60):
        data = bytearray(valid)
        for _ in range(chance.randrange(3)):
            data[chance.randrange(min(400, len(data)))] = chance.randrange(256)
        seen = bytes(data)[: chance.choice((len(data), len(data), chance.randrange(len(data))))]
        window = Window(lambda start, size, seen=seen: seen[start : start + size], len(seen))
        assert outcome(seen) == outcome(window)


def outcome(data):
    """Return what the walk of a file comes to."""
    try:
        return measure_image(data, limits=LIMITS), find_end(data, limits=LIMITS)
    except AssetError as exc:
        return type(exc), str(exc)
