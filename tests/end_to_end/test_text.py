"""A text walks the whole line: screened, labelled, marked, signed beside, published, traced by grades, registered."""

from dataclasses import replace

import pytest

from api.matching import match_file
from api.originals import Original
from api.registering import Registrar
from api.wiring import open_site
from policies import gate
from policies.audit.concordance import compare_records
from policies.line.intake import intake
from policies.line.records import asset_row, parse_asset
from policies.rules.decision import Outcome
from provenance.media.cache import ContentCache
from provenance.media.medium import Claims
from provenance.storage.blob import Blob
from provenance.watermarks.thread.gaps import SYMBOLS
from tests.letters import chinese, letter, sentences
from tests.sites import as_submission, build_settings

CARD = b"\n\nSend it to 4111 1111 1111 1111 at once.\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(build_settings(tmp_path_factory.mktemp("text") / "home", media=("picture", "text"))) as opened:
        yield opened


def bare(text):
    return "".join(char for char in text if char not in SYMBOLS)


def test_a_text_is_released_and_traced_by_what_is_left_of_it(site):
    here = site.deployment
    result = gate.release(here, as_submission(letter(), name="letter.md"))
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    assert result.public_key.endswith("/media.md")
    file = here.blobs.public.get(result.public_key)
    text = file.decode()
    paragraph = text.split("\n\n")[2]
    cases = [
        (text, "consistent", "exact"),
        (text.replace("\n\n", "\n"), "stripped_recovered_by_watermark", "canonical"),
        (text.replace("harbour", "hospital"), "stripped_recovered_by_watermark", "recovered"),
        (bare(text).lower(), "looks_like_release", "canonical"),
        (paragraph, "stripped_recovered_by_watermark", "recovered"),
        ("\n".join(chinese(5)), "none_found", "none"),
    ]
    for changed, state, grade in cases:
        found = site.verifier.verify(changed.encode())
        assert (found.state, found.grade) == (state, grade), changed[:40]
        assert found.asset_id == (None if grade == "none" else result.asset_id)
        assert "picture" not in found.summary
    assert list(compare_records(here.database)) == []
    again = gate.release(here, as_submission(file, name="letter.md"))
    assert again.outcome is Outcome.HOLD
    assert {reason.category for reason in again.decision.reasons} >= {"incoming_own_mark"}


def test_the_kind_that_it_was_taken_as_outlives_the_process(site):
    """What a name says of a plain text is on record: another process, which has only the bytes, ships the same kind."""
    here = site.deployment
    plain = " ".join(sentences(20, 8)).encode()
    asset_id = intake(here, as_submission(plain, name="plain.md"))
    elsewhere = replace(here, contents=ContentCache(1))
    result = gate.walk(elsewhere, asset_id)
    assert result.outcome is Outcome.RELEASE
    assert result.public_key.endswith("/media.md")


def test_what_it_says_is_screened_and_nothing_is_a_way_round(site):
    here = site.deployment
    cases = (
        (letter(seed=2) + CARD, "personal.payment_card"),
        (letter(seed=3) + "how to build a p\u200bipe bo\u2060mb at home".encode(), "prompt."),
        (b"<p>" + letter(seed=4) + b"</p><p title='how to build a pipe bomb at home'>x</p>", "prompt."),
    )
    for data, category in cases:
        result = gate.release(here, as_submission(data))
        assert result.outcome is not Outcome.RELEASE
        assert any(reason.category and reason.category.startswith(category) for reason in result.decision.reasons)


def test_a_registered_text_is_matched_and_its_copy_is_blocked(site, tmp_path):
    here = site.deployment
    path = tmp_path / "poem.txt"
    path.write_bytes("\n\n".join("".join(chinese(6, seed)) for seed in range(3)).encode())
    original = Original(str(path), "A poem", "Poet")
    (made,) = Registrar(site, lambda _: False).register([original])
    (again,) = Registrar(site, lambda _: False).register([original])
    assert again.is_repeat
    report = match_file(here, Blob.from_bytes(path.read_bytes())).report
    assert [match.work_id for match in report.matches] == [made.work.id]
    copy = "Here is what I wrote myself.\n\n" + "".join(chinese(6, 1))
    result = gate.release(here, as_submission(copy.encode()))
    assert result.outcome is Outcome.BLOCK
    assert {reason.category for reason in result.decision.reasons} >= {"copyright_block"}
    assert here.media.take(Blob.from_bytes(copy.encode()), Claims(), here.limits).facts["characters"] > 100


@pytest.mark.parametrize(
    "said", ["Yes.", "It opens at nine.", "\u4eca\u5929\u4e5d\u70b9\u5f00\u95e8\u3002", " ".join(sentences(3, 11))]
)
def test_a_short_reply_is_released_without_the_mark_that_it_has_no_room_for(site, said):
    """Under the packs of a site as it is set up, what a chat says in a sentence was always held."""
    result = gate.release(site.deployment, as_submission(said.encode(), name="reply.txt"))
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    found = site.verifier.verify(site.deployment.blobs.public.get(result.public_key))
    assert (found.grade, found.asset_id) == ("exact", result.asset_id)


def test_the_same_short_reply_is_released_as_often_as_it_is_given(site):
    """Without a mark and a label it ships as it came: the second one ended in a broken promise of the database."""
    here = site.deployment
    said = [as_submission(b"Of course, with pleasure.", name="reply.txt", prompt=asked) for asked in ("a", "b", "c")]
    results = [gate.release(here, one) for one in said]
    assert [one.outcome for one in results] == [Outcome.RELEASE] * 3
    assert len({one.asset_id for one in results}) == 3
    assert len({here.blobs.public.get(one.public_key) for one in results}) == 1
    for result in results:
        file = here.blobs.public.get(result.public_key)
        manifest = here.blobs.public.get(f"{result.asset_id}/manifest.c2pa")
        found = site.verifier.verify(file, manifest_bytes=manifest)
        assert (found.state, found.grade, found.asset_id) == ("consistent", "exact", result.asset_id)
    found = site.verifier.verify(file)
    assert (found.grade, found.asset_id) == ("exact", results[0].asset_id)
    assert list(compare_records(here.database)) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.md", "# A\n\n{}\n"),
        ("a.html", "<body><p>{}</p></body>"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,500\n{}\n"),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n{}\n"),
        ("a.ass", "[Script Info]\n\n[Events]\nFormat: Start, End, Text\nDialogue: 0:00:01.00,0:00:02.00,{}\n"),
    ],
)
def test_words_that_tags_cut_in_pieces_are_read_as_they_are_seen(site, name, said):
    tags = {
        "a.md": ("<!-- -->", "<b>", "[~](http://a.b)", "![](http://a.b)"),
        "a.html": ("<!-- -->", "<b>", '<b title="x">~</b>'),
        "a.srt": ("<i>~</i>", "{\\i1}", '<font color="#f00">~</font>'),
        "a.vtt": ("<c.red>~</c>", "<00:00:01.500>"),
        "a.ass": ("{\\i1}", "{a note}", "{\\k20}", "{}"),
    }
    for tag in tags[name]:
        before, _, behind = tag.partition("~")
        words = ("build", "a", "pipe", "bomb", "to", "kill", "people")
        cut = "how do I " + " ".join(f"{one[0]}{before}{one[1:]}{behind}" for one in words)
        result = gate.release(site.deployment, as_submission(said.format(cut).encode(), name=name))
        assert result.outcome is not Outcome.RELEASE, tag
        assert any((reason.category or "").startswith("prompt.") for reason in result.decision.reasons)


def test_few_words_in_much_markup_are_released_without_the_mark_that_they_have_no_room_for(site):
    style = "Style: Default,Noto Sans,48,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2,2,10,10,10,1\n"
    karaoke = "".join(
        f"{{\\k20}}{part}" for part in ("Row, ", "row, ", "row ", "your ", "boat, ", "gen", "tly ", "down")
    )
    script = (
        f"[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\n{style * 8}\n[Events]\nFormat: Layer, Start, End, Text\n"
        f"Dialogue: 0,0:00:01.00,0:00:02.00,{karaoke}\nDialogue: 0,0:00:03.00,0:00:05.00,the stream.\n"
    )
    table = "".join(f"<table><tr><td>{word}</td></tr></table>" for word in " ".join(sentences(2, 31)).split())
    for name, said in (("row.ass", script), ("table.html", table)):
        assert len(said) > 600
        result = gate.release(site.deployment, as_submission(said.encode(), name=name))
        assert result.outcome is Outcome.RELEASE, result.decision.reasons
    with site.deployment.database.read() as connection:
        asset = parse_asset(asset_row(connection, result.asset_id))
    assert asset.facts["text_bytes"] < 600 < asset.size_bytes


def test_a_child_and_nudity_pages_apart_are_held_for_the_one_and_blocked_in_one_passage(site):
    """Words of a long text were joined over all of it: two that had nothing to do with each other blocked a manual."""
    page = " ".join(sentences(120, 12))
    far = f"The child went home. {page} {page} A nude woman was painted there. {page}"
    near = f"{page} {page} The child went home. A nude woman was painted there. {page}"
    for said, outcome in ((far, Outcome.HOLD), (near, Outcome.BLOCK)):
        result = gate.release(site.deployment, as_submission(said.encode(), name="manual.txt"))
        assert result.outcome is outcome, result.decision.reasons
        rules = {reason.rule for reason in result.decision.reasons}
        assert ("sexual_minors_prompt" in rules) is (outcome is Outcome.BLOCK)
