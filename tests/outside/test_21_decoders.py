"""One HEIC ended the process: its item's content type was not UTF-8, and the decoder dereferenced NULL."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from provenance.asset import MediaType
from provenance.errors import UndecodableAssetError
from provenance.labels.containers.bmff import write
from provenance.media.containers.base import Layout
from provenance.media.limits import IntakeLimits
from provenance.media.picture.decoders import DECODERS, decode_apart
from provenance.media.picture.image import parse_image
from tests import image_bytes as make
from tests.architecture.checkout import ROOT

FAULT = ROOT.parent / "shared" / "data" / "faults" / "infe_not_utf8.heic"


def make_fault(kind=b"mi\xffe"):
    """A HEIC with XMP, and another type for the item that holds it."""
    whole = write((make.VECTORS / "still.heic").read_bytes(), b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    return whole.replace(b"mimeXMP\0", kind + b"XMP\0")


def test_the_file_is_refused_before_a_decoder_sees_it():
    assert parse_image(make_fault(b"mime")).width == 64
    deaths = DECODERS.deaths
    with pytest.raises(UndecodableAssetError, match="type of item 2 to be four printable characters"):
        parse_image(make_fault())
    assert DECODERS.deaths == deaths


def test_what_gets_past_ends_a_decoder_and_not_this_process():
    deaths = DECODERS.deaths
    layout = Layout(MediaType.HEIC, 64, 64, 1, 0, make_fault())
    with pytest.raises(UndecodableAssetError, match=r"the decoder \(.*signal 11\)"):
        decode_apart(layout, IntakeLimits())
    assert DECODERS.deaths > deaths
    assert parse_image(make.valid("image/heic")).width == 64
    assert os.getpid()


@pytest.mark.skipif(not FAULT.is_file(), reason="../shared/data/faults is absent")
def test_the_file_that_was_found():
    with pytest.raises(UndecodableAssetError, match="name and content type of item 3 to be UTF-8"):
        parse_image(FAULT.read_bytes())


@pytest.mark.parametrize("verb", ["verify", "release"])
def test_the_command_line_says_so(tmp_path, monkeypatch, verb):
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CHOPMARK_DETECTORS", "incoming_marks")
    Path(tmp_path / "fault.heic").write_bytes(make_fault())
    answer = CliRunner().invoke(app, [verb, str(tmp_path / "fault.heic")])
    assert answer.exit_code == 2
    assert "four printable" in answer.output
    assert "defect" not in answer.output
