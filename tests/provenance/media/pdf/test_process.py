"""The process's side: what it makes of an order, and what it says."""

import json
import os
import tempfile

from provenance.media.pdf.process import SAY, SEE, TAKE, WRITE, _find_bounds, _take
from tests.papers import paper

HEADER = {
    "media_type": "application/pdf",
    "extension": ".pdf",
    "size_bytes": 1,
    "most_bytes": 1,
    "most_pixels": 1_000_000,
}


def ask(data, job, *parts, **more):
    with tempfile.TemporaryFile() as memory:
        reply = _take({**HEADER, "job": job, **more}, (data, *parts), memory.fileno())
        return reply, os.pread(memory.fileno(), 1 << 24, 0)


def test_what_is_found_lies_one_after_another():
    reply, memory = ask(paper(title="A title"), TAKE)
    first, second, third, *pixels = reply["lengths"]
    assert memory[:5] == b"%PDF-"
    told = json.loads(memory[first : first + second])
    assert told["said"]["title"] == "A title"
    assert len(told["texts"]) == len(pixels) == len(reply["sheets"]) == 2
    assert len(memory) == sum(reply["lengths"])
    assert third == 0


def test_a_file_of_ours_is_seen_as_it_is():
    reply, _ = ask(paper(), SEE)
    assert reply["lengths"][0] == 0
    assert len(reply["sheets"]) == 2
    reply, _ = ask(paper(), SAY)
    assert reply["sheets"] == []


def test_an_order_is_written():
    reply, memory = ask(
        paper(), WRITE, b"", b"", b"", item='{"Label":"1"}', label=None, veil_side=0, light=[False, False]
    )
    assert len(memory) == reply["size"]
    assert b"AIGC" in memory


def test_bounds_grow_with_the_file():
    assert _find_bounds({**HEADER, "size_bytes": 100}).memory_bytes > _find_bounds(HEADER).memory_bytes
