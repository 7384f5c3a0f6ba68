"""Pieces of a gala: released one by one under their own keys, taken up again after an interruption, and joined."""

import pytest

from api.gala import find_needs, join, play
from api.output import parse_output
from api.wiring import open_site
from generation.gala.programme import parse_programme
from policies.rules.decision import Outcome
from provenance.errors import GateError
from tests.sites import build_light_settings, encode, photograph

TEXT = """
title: T
pieces:
  - {title: Poppies, prompt: a field of red poppies}
  - {title: A photograph, picture: a.jpg}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(build_light_settings(tmp_path_factory.mktemp("gala"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def programme(tmp_path_factory):
    folder = tmp_path_factory.mktemp("programme")
    (folder / "a.jpg").write_bytes(encode(photograph(side=256)))
    return parse_programme(TEXT, folder)


def play_all(site, programme, folder):
    target = parse_output(f"{folder}/", several=True)
    told = []
    played = [play(site, piece, programme, target, tell=told.append) for piece in programme.pieces]
    return played, join(site, programme, played, target), told


def test_what_was_made_is_not_made_again_and_all_are_joined(site, programme, tmp_path, monkeypatch):
    played, poster, told = play_all(site, programme, tmp_path)
    assert [one.ended.result.outcome for one in played] == [Outcome.RELEASE] * 2, [one.ended for one in played]
    assert poster.result.outcome is Outcome.RELEASE
    assert told[-1] == "releasing"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["01-poppies.png", "02-a-photograph.jpg", "poster.png"]
    monkeypatch.setattr("api.gala._make", None)
    again, second, told = play_all(site, programme, tmp_path)
    assert set(told) == {"going on"}
    assert [one.ended.result.asset_id for one in again] == [one.ended.result.asset_id for one in played]
    assert second.result.asset_id == poster.result.asset_id
    assert second.is_repeat


def test_one_piece_that_fails_ends_no_other(site, tmp_path, programme, monkeypatch):
    def fail(*_):
        raise GateError("no luck")

    monkeypatch.setattr("api.gala._make", fail)
    other = parse_programme("title: T\npieces: [{title: A, prompt: a teapot}]", tmp_path)
    target = parse_output(f"{tmp_path}/", several=True)
    played = [play(site, other.pieces[0], other, target, tell=lambda _: None)]
    assert str(played[0].ended.error) == "no luck"
    with pytest.raises(GateError, match="nothing to join"):
        join(site, other, played, target)


def test_a_piece_that_was_corrected_takes_the_place_of_what_it_was(site, tmp_path):
    text = "title: T\npieces: [{title: One, prompt: a teapot}, {title: Two, prompt: a cup}]"
    first, before, _ = play_all(site, parse_programme(text, tmp_path), tmp_path)
    second, after, _ = play_all(site, parse_programme(text.replace("a cup", "a blue cup"), tmp_path), tmp_path)
    assert [one.ended.error for one in second] == [None, None]
    assert [a.ended.is_repeat and a.ended.written == b.ended.written for a, b in zip(second, first, strict=True)] == [
        True,
        False,
    ]
    assert second[1].ended.result.asset_id != first[1].ended.result.asset_id
    assert (after.error, after.written) == (None, before.written), "a new poster lies where the old one lay"
    assert after.result.asset_id != before.result.asset_id
    assert {path.name for path in tmp_path.iterdir()} == {"01-one.png", "02-two.png", "poster.png"}


def test_what_lies_there_and_was_not_released_here_is_not_replaced(site, tmp_path):
    (tmp_path / "01-one.png").write_bytes(b"a person's own")
    (tmp_path / "02-two.png").symlink_to(tmp_path / "01-one.png")
    text = "title: T\npieces: [{title: One, prompt: a jug}, {title: Two, prompt: a bowl}]"
    target = parse_output(f"{tmp_path}/", several=True)
    programme = parse_programme(text, tmp_path)
    ended = [play(site, piece, programme, target, tell=lambda _: None).ended for piece in programme.pieces]
    assert ["is there already" in str(one.error) for one in ended] == [True, True]
    assert (tmp_path / "01-one.png").read_bytes() == b"a person's own"


def test_a_site_says_what_it_lacks(tmp_path):
    clip = parse_programme("title: T\npieces: [{title: A, prompt: a, animate: {}}, {title: B, music: {}}]", tmp_path)
    assert "CHOPMARK_MEDIA=picture,sound,video" in find_needs({"picture"}, clip)
