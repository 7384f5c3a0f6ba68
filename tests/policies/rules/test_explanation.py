import json
from dataclasses import replace

import pytest

from detectors.base import Finding, Status
from policies.line.records import build_signal
from policies.rules.decision import Outcome
from policies.rules.explanation import CASE_SIZE_LIMIT, MarkRow, ReasonRow, explain, parse_case, tell_kinds, what_if
from provenance.asset import MediaType, Origin
from provenance.errors import PolicyError
from provenance.grant import MarkKind
from provenance.media.view import Span
from tests.policies.samples import ASSET, DAY, context, demand, pack, rule, signal


def test_a_release_says_that_nothing_objects():
    found = explain(what_if([signal(nsfw=0.1)], [pack("a"), pack("b")]))
    assert found.summary == "released: no rule of a, b objects"
    assert found.reasons == ()


def test_a_withheld_asset_names_the_strictest_reason_and_counts_the_others():
    signals = [signal(nsfw=0.95), signal("clip", status=Status.FAILED, reason="out of memory")]
    found = explain(what_if(signals, [pack(rules=[rule("asset.width > 1")])]))
    assert found.summary == (
        "blocked by house/thresholds.nsfw: too much nsfw (nsfw: nsfw 0.95, limit 0.9), and 2 more reasons"
    )
    assert found.reasons == (
        ReasonRow(Outcome.BLOCK, "house/thresholds.nsfw", "too much nsfw", "nsfw: nsfw 0.95, limit 0.9", "House 1"),
        ReasonRow(Outcome.HOLD, "engine/failed_signal", "clip failed: out of memory", "", "Chopmark closed by default"),
        ReasonRow(Outcome.HOLD, "house/rule", "a rule speaks", "", "House 2"),
    )


def test_one_more_reason_is_singular():
    found = explain(what_if([signal(nsfw=0.95)], [pack(rules=[rule("asset.width > 1")])]))
    assert found.summary.endswith(", and 1 more reason")


def test_a_moderator_is_named():
    made = replace(what_if([signal(nsfw=0.6)], [pack()]), outcome=Outcome.RELEASE, decided_by="review:kim")
    assert explain(made).summary == "released by review:kim"


KINDS = {
    "kind": "photograph",
    "kinds": {"photograph": 0.93, "drawing": 0.02, "render": 0.05},
    "asked_as": ["photograph"],
}
DRAWN = {"kind": "drawing", "kinds": {"photograph": 0.13, "drawing": 0.8, "render": 0.07}, "asked_as": ["drawing"]}


def test_what_a_picture_was_taken_for_is_told_of_a_release_too():
    seen = replace(signal("clip", nsfw=0.0), evidence=(KINDS, {"names": []}))
    (line,) = explain(what_if([seen, signal(nsfw=0.1)], [pack()]), [seen, signal(nsfw=0.1)]).kinds
    assert line == "clip: photograph 93%, render 5%, drawing 2%; asked as photograph"


def test_of_several_views_a_kinds_share_is_the_mean():
    seen = replace(signal("clip", nsfw=0.0), evidence=(KINDS, DRAWN))
    assert tuple(tell_kinds([seen])) == (
        "clip: photograph 53%, drawing 41%, render 6% of 2 views; asked as drawing and photograph",
    )


@pytest.mark.parametrize(
    "record", [{"kinds": "photograph"}, {"kinds": {"photograph": None}}, {"kind": "photograph"}, {}]
)
def test_a_made_up_record_tells_no_kind(record):
    assert tuple(tell_kinds([replace(signal("clip", nsfw=0.0), evidence=(record,))])) == ()


def test_a_pack_can_ask_for_the_kind():
    made = pack(rules=[rule('signals.clip.evidence.exists(one, "kinds" in one && one.kind == "photograph")')])
    for record, outcome in ((KINDS, Outcome.HOLD), (DRAWN, Outcome.RELEASE)):
        seen = replace(signal("clip", nsfw=0.0), evidence=(record,))
        assert what_if([seen], [made]).outcome is outcome


def test_marks_are_spelled_out():
    label = demand(MarkKind.EXPLICIT_LABEL, text="AI生成", min_height_ratio=0.05, required=False)
    assert explain(what_if([], [pack(obligations=[label])])).marks == (
        MarkRow("explicit_label", False, "min_height_ratio 0.05, text AI生成", ("house/mark: House 4",)),
    )


def test_what_if_takes_asset_and_context():
    made = pack(rules=[rule('asset.width == 640 && context.tenant == "acme"')])
    assert what_if([], [made]).outcome is Outcome.RELEASE
    assert what_if([], [made], asset=ASSET, context=context(tenant="acme")).outcome is Outcome.HOLD


def test_what_if_without_packs_is_an_error():
    with pytest.raises(PolicyError, match="expected at least one pack"):
        what_if([signal()], [])


def test_a_case_of_signals_alone_is_enough():
    case = parse_case(b'{"signals": [{"detector": "nsfw", "scores": {"nsfw": 0.4}}]}', today=DAY)
    assert case.signals[0].scores == {"nsfw": 0.4}
    assert case.signals[0].status is Status.OK
    assert (case.asset.media_type, case.asset.facts["width"], case.asset.origin) == (
        MediaType.PNG,
        1024,
        Origin.GENERATED,
    )
    assert case.context == context()


def test_a_case_may_say_everything():
    document = {
        "signals": [
            {
                "detector": "nsfw",
                "version": "v",
                "status": "failed",
                "scores": {},
                "evidence": [{"a": 1}],
                "reason": "late",
                "elapsed_ms": 3.5,
            }
        ],
        "asset": {
            "media_type": "image/jpeg",
            "width": 2,
            "height": 3,
            "size_bytes": 4,
            "origin": "submitted",
            "id": "x",
            "sha256": "y",
        },
        "context": {
            "tenant": "t",
            "jurisdictions": ["cn"],
            "explicit_label_waived": True,
            "timestamp_available": True,
            "decided_on": "2026-01-02",
            "enabled_detectors": ["nsfw"],
        },
    }
    case = parse_case(json.dumps(document).encode(), today=DAY)
    assert case.signals[0].evidence == ({"a": 1},)
    assert case.asset.media_type is MediaType.JPEG
    assert case.context.enabled_detectors == {"nsfw"}
    assert str(case.context.decided_on) == "2026-01-02"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "^case:1:1: expected JSON: expecting value$"),
        (b'{\n "signals": [}', "^case:2:14: expected JSON: "),
        (b"\xff", "^case:1:1: expected JSON in UTF-8"),
        (b"[" * 100_000, "^case:1:1: expected JSON in UTF-8, nested a few levels deep$"),
        (b"[]", "^case:1:1: document: Input should be an object"),
        (b"{}", "^case:1:1: signals: Field required"),
        (
            b'{"signals": [{"detector": "", "score": 1}], "asset": {"width": 0}}',
            "case:1:27: signals.0.detector: .*\ncase:1:40: signals.0.score: Extra inputs .*\ncase:1:64: asset.width: ",
        ),
        (b" " * (CASE_SIZE_LIMIT + 1), "case has more than"),
    ],
)
def test_a_case_that_cannot_be_used_names_each_field(content, message):
    with pytest.raises(PolicyError, match=message):
        parse_case(content, today=DAY)


def test_when_it_was_seen_or_heard_is_told():
    seen = replace(signal(nsfw=0.95), findings=(Finding("nsfw", 0.95, Span(3.2, 4.2)),), looked_at=("picture",))
    made = what_if([seen], [pack()])
    (row,) = explain(made, [seen]).reasons
    assert row.measured == "nsfw: nsfw 0.95, limit 0.9, from 3.2 to 4.2 s"
    assert explain(made).reasons[0].measured == "nsfw: nsfw 0.95, limit 0.9"
    record = {**build_signal(seen), "evidence": []}
    case = parse_case(json.dumps({"signals": [record]}).encode(), today=DAY)
    assert case.signals == (seen,), "a signal as it was recorded is a case"


def test_a_fact_that_a_medium_does_not_have_holds_where_a_rule_asks_for_it():
    text = replace(ASSET, facts={"lines": 3})
    made = what_if([signal(nsfw=0.0)], [pack(rules=[rule("asset.width > 1")])], asset=text)
    assert made.outcome is Outcome.HOLD
