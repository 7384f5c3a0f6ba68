"""One answer of many views: the worst counts, with where it was; what cannot be looked at is said."""

from dataclasses import replace

import numpy as np
import pytest

from detectors.base import Finding, Signal, Status
from detectors.cards import Card
from detectors.looking import MOST_EVIDENCE, look_at
from provenance.errors import DetectorError
from provenance.media.picture.image import Picture
from provenance.media.view import PICTURE, PROMPT, TEXT, Span, View
from tests.detectors.subjects import subject_of

FRAMES = [Picture.from_frame(np.full((4, 4, 3), level, np.uint8)) for level in (10, 200, 50)]
CLIP = tuple(View(PICTURE, frame, Span(number, number + 1.0)) for number, frame in enumerate(FRAMES))
STILL = (View(PICTURE, FRAMES[1]),)


class Brightness:
    """Scores how bright a picture is, or how long a text."""

    def __init__(self, *reads):
        self.card = Card("brightness", "how bright?", ("bright", "dark"), "MIT", "1", reads=reads)

    def detect(self, subject):
        if subject.view.kind != PICTURE:
            if subject.text is None:
                return Signal("brightness", "1", Status.NOT_APPLICABLE, reason="no prompt is known")
            return Signal("brightness", "1", Status.OK, {"bright": len(subject.text) / 100}, reason="read")
        bright = float(subject.picture.frame.mean()) / 255
        scores = {"bright": bright, "dark": 0.0}
        return Signal("brightness", "1", Status.OK, scores, ({"level": round(bright, 2)},), "seen")


def subject(prompt=None):
    return subject_of(FRAMES[0], prompt=prompt)


def test_a_still_picture_is_answered_as_it_is():
    detector = Brightness(PICTURE)
    found = look_at(detector, subject(), STILL)
    alone = detector.detect(replace(subject(), view=STILL[0]))
    assert replace(found, findings=(), looked_at=()) == alone
    assert found.findings == (Finding("bright", alone.scores["bright"]),)
    assert found.looked_at == (PICTURE,)


def test_of_a_clip_the_worst_moment_counts():
    found = look_at(Brightness(PICTURE), subject(), CLIP)
    assert found.scores == {"bright": 200 / 255, "dark": 0.0}
    assert found.findings == (Finding("bright", 200 / 255, Span(1, 2.0)),)
    assert found.evidence[0] == {"level": 0.78, "from_s": 1, "to_s": 2.0}
    assert found.reason == "seen, at 1.0 s"
    assert len(look_at(Brightness(PICTURE), subject(), CLIP * 60).evidence) == MOST_EVIDENCE


def test_what_an_asset_does_not_have_is_not_looked_at():
    found = look_at(Brightness("sound"), subject(), CLIP)
    assert (found.status, found.looked_at, found.scores) == (Status.NOT_APPLICABLE, (), {})
    assert found.reason == "reads sound, which this asset has none of"


@pytest.mark.parametrize(("views", "prompt", "looked_at", "bright"), [
    (STILL, None, (PROMPT,), None), (STILL, "x" * 30, (PROMPT,), 0.3), ((View(TEXT, "y" * 20),), None, (TEXT,), 0.2),
    ((View(TEXT, "y" * 20),), "x" * 30, (TEXT, PROMPT), 0.3), ((View(TEXT, "y" * 40),), "x" * 30, (TEXT, PROMPT), 0.4),
])  # fmt: skip
def test_prompts_come_beside_and_texts_are_assets(views, prompt, looked_at, bright):
    found = look_at(Brightness(PROMPT, TEXT), subject(prompt), views)
    assert (found.looked_at, found.scores.get("bright")) == (looked_at, bright)
    assert (found.status is Status.NOT_APPLICABLE) == (bright is None)


def test_one_moment_without_an_answer_is_none():
    class Blinks(Brightness):
        def detect(self, subject):
            if subject.view.span == CLIP[2].span:
                raise DetectorError("could not look")
            return super().detect(subject)

    with pytest.raises(DetectorError):
        look_at(Blinks(PICTURE), subject(), CLIP)


def test_a_score_that_is_no_number_is_not_lost():
    class Odd(Brightness):
        def detect(self, subject):
            return replace(super().detect(subject), scores={"bright": float("nan")})

    assert look_at(Odd(PICTURE), subject(), CLIP).scores["bright"] != 0


def test_an_answer_of_another_kind_is_handed_on_to_be_refused():
    class Mute(Brightness):
        def detect(self, subject):
            return subject.unverified_file and None

    assert not isinstance(look_at(Mute(PICTURE), subject(), STILL), Signal)


def test_what_has_to_hold_of_all_holds_only_where_every_moment_says_so():
    class Patient(Brightness):
        def __init__(self):
            super().__init__(PICTURE)
            self.card = replace(self.card, of_all=("bright",))

    found = look_at(Patient(), subject(), CLIP)
    assert found.scores["bright"] == 10 / 255
    assert found.findings == (Finding("bright", 10 / 255, Span(0, 1.0)),)


def test_what_is_blocked_is_looked_at_no_further_but_for_what_is_no_picture():
    """The second frame settles it: of the third nobody asks, of the text behind it somebody does."""
    asked = []

    def is_over(answer):
        asked.append(answer)
        return any(one is not None and one.scores.get("bright", 0) > 0.7 for one in asked)

    detector = Brightness(PICTURE, TEXT)
    found = look_at(detector, subject(), (*CLIP, View(TEXT, "word")), is_over=is_over)
    assert found.scores["bright"] == 200 / 255
    assert found.looked_at == (PICTURE, TEXT)
    assert "1 further pictures were left out" in found.reason
    assert len([one for one in asked if one is not None]) == 3


def test_a_score_that_has_to_hold_of_all_settles_nothing():
    detector = Brightness(PICTURE)
    detector.card = replace(detector.card, of_all=("bright",))
    told = []
    look_at(detector, subject(), CLIP, is_over=lambda answer: told.append(answer) is not None)
    assert len(told) == 5
    assert all("bright" not in one.scores for one in told if one is not None)


def test_each_detector_looks_at_one_picture_even_when_another_has_settled_it():
    found = look_at(Brightness(PICTURE), subject(), CLIP, is_over=lambda _: True)
    assert found.status is Status.OK
    assert found.scores["bright"] == 10 / 255


def test_what_stays_while_a_scene_lasts_is_looked_for_in_its_first_view_and_some_after():
    scenes = [View(PICTURE, FRAMES[0], Span(at, at + 1.0), goes_on=at not in {0, 6}) for at in range(12)]
    seen = []

    class Sparing(Brightness):
        def detect(self, subject):
            seen.append(subject.view.span.start_s)
            return super().detect(subject)

    detector = Sparing(PICTURE)
    detector.card = replace(detector.card, every=4)
    look_at(detector, subject(), scenes)
    assert seen == [0, 4, 6, 10]
