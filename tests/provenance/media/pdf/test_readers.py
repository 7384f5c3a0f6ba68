"""What the gate makes of what a process says, whatever that is."""

import json
import os
import tempfile
from dataclasses import replace

import pytest

from provenance.errors import AssetTooLargeError, UndecodableAssetError
from provenance.media.limits import IntakeLimits
from provenance.media.pdf.orders import WriteOrder
from provenance.media.pdf.readers import MOST_BYTES, READERS, Readers, _read_sheets
from provenance.storage.blob import Blob
from tests.papers import HOSTILE, change, paper, stream

LIMITS = IntakeLimits()


def take(data, limits=LIMITS):
    return READERS.take(Blob.from_bytes(data), limits)


def test_a_file_is_taken_apart_in_another_process():
    sheets = take(paper(picture=True, title="A title"))
    assert (len(sheets.pages), sheets.title) == (2, "A title")
    assert sheets.pages[0].draw().shape == (1000, 708, 3)
    assert sheets.file.read().startswith(b"%PDF-")
    words = READERS.see(sheets.file, LIMITS, draws=False)
    assert words.words == sheets.words
    assert words.pages[0].draw().size == 0


def test_marks_are_written_and_said():
    written = READERS.write(take(paper()).file, WriteOrder("{}", None, 0, [False] * 2), b"", b"", b"<x/>")
    said = READERS.say(written, LIMITS)
    assert (said.items, said.xmp) == (("{}",), b"<x/>")


@pytest.mark.parametrize("what", ["encrypted", "JavaScript", "embedded file"])
def test_refusals_come_back_with_their_reason(what):
    with pytest.raises(UndecodableAssetError, match=f"(?i){what.split()[0]}"):
        take(HOSTILE[what](paper()))


def test_what_is_too_long_is_not_read():
    with pytest.raises(AssetTooLargeError, match="at most 8 bytes"):
        take(paper(), replace(LIMITS, max_bytes=8))
    assert LIMITS.max_bytes > MOST_BYTES


def test_what_unpacks_without_end_is_refused_and_the_next_file_is_taken():
    def inflate(writer):
        bomb = stream(b"0 0 m " * 20_000_000).flate_encode()
        writer.pages[0][page_key("/Contents")] = writer._add_object(bomb)

    bomb = change(paper(), inflate)
    assert len(bomb) < 1_000_000
    sheets = take(bomb)  # PDFium shows nothing of it; what has to unpack it, to write over it, says no
    with pytest.raises((UndecodableAssetError, AssetTooLargeError)):
        READERS.write(sheets.file, WriteOrder("", None, 0, [False] * 2), b"", b"", b"")
    assert take(paper()).pages


def page_key(key):
    from pypdf.generic import NameObject

    return NameObject(key)


def test_a_process_that_is_late_is_ended():
    readers = Readers(1, deadline_s=0.0)
    try:
        with pytest.raises(UndecodableAssetError, match="end of the decoder"):
            readers.take(Blob.from_bytes(paper(pages=60)), LIMITS)
        assert readers.deaths == 1
    finally:
        readers.close()


@pytest.mark.parametrize(
    "change",
    [
        {"lengths": [1]},
        {"lengths": [0, -5, 0]},
        {"lengths": [0, 10**12, 0]},
        {"sheets": [[5, 5, 1.0, 1.0]]},
        {"sheets": [[5000, 5, 1.0, 1.0]]},
        {"sheets": "x"},
        {"left_out": 7},
    ],
)
def test_an_answer_that_cannot_be_is_no_file(change):
    words = json.dumps({"said": {"title": "", "items": []}, "texts": [], "links": []}).encode()
    reply = {"lengths": [0, len(words), 0], "sheets": [], "left_out": []}
    with tempfile.TemporaryFile() as memory:
        os.pwrite(memory.fileno(), words, 0)
        assert _read_sheets(reply, memory.fileno()).pages == ()
        with pytest.raises(UndecodableAssetError, match="got another answer"):
            _read_sheets({**reply, **change}, memory.fileno())
