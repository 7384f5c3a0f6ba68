import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.rules.marks import CORNERS, PARAMETERS, known_parameters, merge_demands
from provenance.grant import MarkKind, Obligation
from tests.policies.samples import PATIENT, demand, pack

LABEL = MarkKind.EXPLICIT_LABEL


def merged(*demands):
    return merge_demands([(pack(f"p{index}"), item) for index, item in enumerate(demands)])


def test_no_demands_make_no_obligations():
    assert merge_demands([]) == ((), ())


def test_one_obligation_for_each_kind_in_the_order_of_kinds():
    obligations, conflicts = merged(
        demand(MarkKind.WATERMARK), demand(MarkKind.SIGNED_METADATA), demand(MarkKind.WATERMARK, name="again")
    )
    assert conflicts == ()
    assert obligations == (
        Obligation(MarkKind.SIGNED_METADATA, {}, True, ("p1/mark: House 4",)),
        Obligation(MarkKind.WATERMARK, {}, True, ("p0/mark: House 4", "p2/again: House 4")),
    )


def test_a_mark_is_required_when_any_pack_requires_it():
    obligations, _ = merged(demand(required=False), demand(required=True))
    assert obligations[0].required
    obligations, _ = merged(demand(required=False), demand(required=False))
    assert not obligations[0].required


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["AI生成"], "AI生成"),
        (["AI", "AI生成"], "AI生成"),
        (["AI生成", "AI-generated"], "AI-generated · AI生成"),
        (["AI", "AI生成", "AI-generated", "AI"], "AI-generated · AI生成"),
    ],
)
def test_label_texts_join_and_one_within_another_counts_once(texts, expected):
    obligations, conflicts = merged(*[demand(LABEL, text=text) for text in texts])
    assert obligations[0].parameters == {"text": expected}
    assert conflicts == ()


def test_the_tallest_label_counts_and_a_parameter_may_be_left_to_others():
    obligations, _ = merged(
        demand(LABEL, text="AI", min_height_ratio=0.05),
        demand(LABEL, text="AI", min_height_ratio=0.08),
        demand(LABEL, text="AI", corner="top_right"),
    )
    assert obligations[0].parameters == {"text": "AI", "min_height_ratio": 0.08, "corner": "top_right"}


def test_two_corners_are_a_conflict():
    obligations, (conflict,) = merged(
        demand(LABEL, text="AI", corner="top_right"), demand(LABEL, text="AI", corner="bottom_left")
    )
    assert obligations[0].parameters == {"text": "AI"}
    assert conflict.mark is LABEL
    assert conflict.parameter == "corner"
    assert conflict.values == ("bottom_left", "top_right")
    assert conflict.sources == ("p0/mark: House 4", "p1/mark: House 4")


labels = st.builds(
    lambda text, ratio, corner, required: demand(
        LABEL, required=required, **{"text": text, "min_height_ratio": ratio, **({"corner": corner} if corner else {})}
    ),
    st.sampled_from(["AI", "AI生成", "AI-generated", "人工智能合成"]),
    st.floats(0.01, 0.25),
    st.none() | st.sampled_from(CORNERS),
    st.booleans(),
)


@PATIENT
@given(st.lists(labels, min_size=1, max_size=5), st.randoms())
def test_merging_does_not_depend_on_order(demands, random):
    pairs = [(pack(f"p{index}"), item) for index, item in enumerate(demands)]
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert merge_demands(pairs) == merge_demands(shuffled)


@PATIENT
@given(st.lists(labels, min_size=1, max_size=5))
def test_the_merged_label_meets_every_demand(demands):
    (obligation,), conflicts = merged(*demands)
    for item in demands:
        assert item.parameters["text"] in obligation.parameters["text"]
        assert item.parameters["min_height_ratio"] <= obligation.parameters["min_height_ratio"]
        assert conflicts or item.parameters.get("corner") in (None, obligation.parameters.get("corner"))
        assert obligation.required >= item.required


@pytest.mark.parametrize(
    ("name", "value", "valid"),
    [
        ("text", "AI生成", True),
        ("text", "", False),
        ("text", " AI", False),
        ("text", "A\nI", False),
        ("text", "x" * 41, False),
        ("text", 5.0, False),
        ("min_height_ratio", 0.05, True),
        ("min_height_ratio", 0.0, False),
        ("min_height_ratio", 0.5, False),
        ("min_height_ratio", "0.05", False),
        ("min_height_ratio", True, False),
        ("corner", "top_left", True),
        ("corner", "middle", False),
        ("corner", 1.0, False),
    ],
)
def test_values_of_parameters(name, value, valid):
    assert PARAMETERS[LABEL][name].is_valid(value) is valid


def test_other_marks_take_no_parameters():
    assert {mark for mark in MarkKind if known_parameters(mark)} == {LABEL, MarkKind.SIGNED_METADATA}


def test_of_incoming_manifests_the_strictest_form_and_what_all_packs_keep_counts():
    known = known_parameters(MarkKind.SIGNED_METADATA)
    form, kept = known["incoming_manifest"], known["kept_assertions"]
    assert form.merge(["redact", "reference", "redact"]) == "reference"
    assert kept.merge(["c2pa.soft-binding c2pa.ai-disclosure", "c2pa.soft-binding"]) == "c2pa.soft-binding"
    assert kept.merge(["c2pa.soft-binding", "none"]) == "none"
    assert [kept.is_valid(value) for value in ("none", "c2pa.soft-binding", "c2pa.thumbnail.claim", "", 1)] == [
        True, True, False, False, False,
    ]  # fmt: skip
    assert not form.is_valid("keep")


def test_a_label_of_some_seconds_is_one_where_every_pack_says_so():
    """Saying nothing asks for the label throughout, which is stricter."""
    obligations, conflicts = merged(demand(LABEL, text="AI", seconds=2), demand(LABEL, text="AI", seconds=5.5))
    assert (obligations[0].parameters["seconds"], conflicts) == (5.5, ())
    obligations, conflicts = merged(demand(LABEL, text="AI", seconds=2), demand(LABEL, text="AI"))
    assert (obligations[0].parameters, conflicts) == ({"text": "AI"}, ())
    for value, valid in ((2, True), (2.5, True), (1.9, False), (True, False), ("2", False), (4000, False)):
        assert PARAMETERS[LABEL]["seconds"].is_valid(value) is valid
