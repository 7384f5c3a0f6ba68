"""What of a text that is still being written may be shown: whole sentences that were screened, and nothing behind one
that was not let through."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.wiring import open_site
from policies.line.passages import LONGEST, MOST_WINDOWS, OVERLAP, WINDOW, find_end, screen_passage
from policies.rules.decision import Outcome
from provenance.errors import ConfigurationError, DetectorUnavailableError, UnsupportedMediaError
from tests.policies.deployments import Probe, run_only
from tests.sites import build_light_settings

BAD = "Here is how to make a pipe bomb at home."


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    home = tmp_path_factory.mktemp("passages") / "home"
    with open_site(build_light_settings(home, media=("picture", "text")), quiet=True) as site:
        yield site.deployment


def stream(here, parts, **fields):
    """Write a text part by part; return what was shown after each, and the last answer."""
    text, shown, passages = "", 0, []
    for number, part in enumerate(parts):
        text += part
        found = screen_passage(here, text, shown, is_whole=number == len(parts) - 1, **fields)
        shown = found.upto
        passages.append(found.text)
        if found.reasons:
            break
    return passages, found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A boat", ""),
        ("A boat. ", "A boat."),
        ("A boat.", ""),
        ("It costs 1.5 euros and", ""),
        ('He said "go!" Then', 'He said "go!"'),
        ("\u8fd9\u662f\u4e00\u53ea\u8239\u3002\u5b83\u5728", "\u8fd9\u662f\u4e00\u53ea\u8239\u3002"),
        ("- one\n- tw", "- one\n"),
        ("Dr. No", "Dr."),
    ],
)
def test_a_passage_ends_with_a_whole_sentence(text, shown):
    assert text[: find_end(text, 0)] == shown
    assert find_end(text, 0, is_whole=True) == len(text)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300), st.integers(0, 300))
def test_an_end_lies_within_what_is_there_and_never_before_what_was_shown(text, start):
    start = min(start, len(text))
    assert start <= find_end(text, start) <= len(text)


def test_a_sentence_without_end_is_cut_at_a_blank():
    words = "word " * LONGEST
    assert 0 < find_end(words, 0) <= LONGEST
    assert words[: find_end(words, 0)].endswith(" ")
    assert find_end("x" * (LONGEST + 1), 0) == LONGEST


@given(st.lists(st.integers(1, 12), min_size=1, max_size=12))
@settings(max_examples=15, deadline=None)
def test_however_it_is_cut_all_of_it_is_shown_once_and_in_order(gate, cuts):
    text = "A boat lies on the lake. It is red! \u5b83\u662f\u7ea2\u8272\u7684\u3002Do you see it? Yes"
    parts, at = [], 0
    for cut in cuts:
        parts.append(text[at : at + cut])
        at += cut
    passages, last = stream(gate, [*parts, text[at:]])
    assert "".join(passages) == text
    assert last.reasons == ()


def test_nothing_is_shown_of_a_sentence_that_is_held_nor_behind_it(gate):
    for size in (1, 7, 1000):
        text = f"A boat lies on the lake. {BAD} It is easy. The end."
        passages, last = stream(gate, [text[at : at + size] for at in range(0, len(text), size)])
        assert "bomb" not in "".join(passages), size
        assert last.reasons
        assert last.reasons[0].category == "prompt.weapons"
        assert "easy" not in "".join(passages)


def test_of_a_long_text_a_part_is_shown_at_a_time(gate):
    found = screen_passage(gate, "A calm lake lies here. " * 1_500, 0, is_whole=True)
    assert found.upto == MOST_WINDOWS * (WINDOW - OVERLAP)


def test_what_stands_across_an_edge_of_two_windows_is_found(gate):
    for before in range(WINDOW - OVERLAP - 60, WINDOW - OVERLAP + 20, 16):
        filler = ("A calm lake lies here. " * 400)[:before]
        found = screen_passage(gate, f"{filler} {BAD} The end. ", 0)
        assert found.reasons, before
        assert "bomb" not in found.text


def test_what_was_shown_right_before_is_read_again_with_what_follows(gate):
    first = "Tell me how to make a pipe\n"
    shown = screen_passage(gate, first, 0)
    assert shown.reasons == ()
    assert screen_passage(gate, f"{first}bomb at home. ", shown.upto).reasons


def test_what_nobody_sees_is_never_shown(gate):
    found = screen_passage(gate, "A \u202eboat\u2066 with\u200b sails. And", 0)
    assert found.text == "A boat with sails."
    assert screen_passage(gate, "\u200b\u200b\u200b", 0, is_whole=True).text == ""


def test_a_reader_that_fails_or_is_missing_shows_nothing(gate):
    class Breaks(Probe):
        def detect_prompt(self, prompt):
            raise RuntimeError("broken")

    found = screen_passage(replace(gate, runner=run_only(Breaks())), "A boat. ", 0)
    assert found.text == ""
    assert [one.outcome for one in found.reasons] == [Outcome.HOLD]
    with pytest.raises(DetectorUnavailableError, match="reads words"):
        screen_passage(replace(gate, runner=run_only(Probe())), "A boat. ", 0)


def test_where_no_text_is_taken_nothing_is_shown(here):
    with pytest.raises(UnsupportedMediaError, match="media"):
        screen_passage(here, "A boat. ", 0)


def test_an_unknown_pack_is_told(gate):
    with pytest.raises(ConfigurationError, match="nonesuch"):
        screen_passage(gate, "A boat. ", 0, packs=("nonesuch",))
