"""What was read of a clip that we made is held against what was to be made."""

from types import SimpleNamespace

import numpy as np
import pytest

from provenance.fingerprints.base import Fingerprint
from provenance.grant import MarkKind
from provenance.labels.aigc import AigcItem
from provenance.labels.implicit import FoundLabels, ImplicitLabels
from provenance.media.video.overlay import build_overlay
from provenance.media.video.readback import compare_codes, is_label_seen, show_metadata
from provenance.media.view import Span
from tests.clips import frames

CODES = tuple(Fingerprint("pdq", np.random.default_rng(at).bytes(32), 100, at / 2) for at in range(8))


def other(code):
    return Fingerprint("pdq", bytes(255 - byte for byte in code.value), 100, code.at_s)


@pytest.mark.parametrize(("changed", "is_told"), [(0, False), (2, False), (3, True), (8, True)])
def test_three_codes_of_four_have_to_be_those_that_were_sealed(changed, is_told):
    shipped = (*map(other, CODES[:changed]), *CODES[changed:])
    assert bool(compare_codes(shipped, CODES)) is is_told
    assert compare_codes(shipped, ()) == ""


def test_codes_at_other_times_are_other_frames():
    late = tuple(Fingerprint("pdq", code.value, 100, code.at_s + 0.3) for code in CODES)
    assert compare_codes(late, CODES) == "8 of 8 frames of the finished file are other ones than were sealed"


def test_a_label_has_to_be_seen_from_the_first_frame_on():
    overlay = build_overlay(320, 240, {"text": "AI"})
    (plain,) = frames(1)
    shown = plain.copy()
    rows, columns = overlay.area
    shown[rows, columns] = (shown[rows, columns] * (1 - overlay.opacity[..., None]) + overlay.light[..., None]).astype(
        np.uint8
    )

    def clip_of(*pixels, start_s=0.0):
        spans = [Span(start_s + at, start_s + at + 1) for at in range(len(pixels))]
        glimpses = [
            SimpleNamespace(picture=SimpleNamespace(frame=one), span=span)
            for one, span in zip(pixels, spans, strict=True)
        ]
        return SimpleNamespace(glimpses=glimpses)

    assert is_label_seen(clip_of(shown, shown), overlay)
    assert not is_label_seen(clip_of(shown, plain), overlay)
    assert not is_label_seen(clip_of(shown, start_s=1.0), overlay)


def test_metadata_that_is_not_the_one_that_was_to_be_written_does_not_count():
    wanted = ImplicitLabels(AigcItem(content_producer="a", produce_id="1"))
    shown = show_metadata(FoundLabels(), wanted)
    assert not shown[MarkKind.AIGC_METADATA].is_made
    assert not shown[MarkKind.IPTC_METADATA].is_made
