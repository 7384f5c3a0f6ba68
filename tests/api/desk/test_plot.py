import pytest

from api.desk.plot import HEIGHT, WIDTH, _find_step, build_columns


def test_columns_stand_within_the_picture_and_in_the_table():
    plot = build_columns(
        "p", "Flow", "Day", (("good", "in"), ("bad", "out")), {"2026-11-01": (3, 0), "2026-11-02": (12, 7)}
    )
    assert plot.rows == (("2026-11-01", "3", "0"), ("2026-11-02", "12", "7"))
    assert plot.heads == ("Day", "in", "out")
    assert plot.description == "in 15, out 7"
    assert all(mark.x >= 0 and mark.x + mark.width <= WIDTH and 0 <= mark.y <= HEIGHT for mark in plot.marks)
    tall = {mark.label: mark.height for mark in plot.marks}
    assert tall["2026-11-02: in 12"] == pytest.approx(4 * tall["2026-11-01: in 3"], rel=0.05)
    assert [label.text for label in plot.labels] == ["11-01", "11-02"]


def test_nothing_is_said_to_be_nothing():
    assert build_columns("p", "Flow", "Day", (("", "in"),), {}).is_empty
    assert build_columns("p", "Flow", "Day", (("", "in"),), {"a": (0,)}).is_empty


@pytest.mark.parametrize(
    ("highest", "step"), [(0, 1), (4, 1), (5, 2), (9, 5), (37, 10), (41, 20), (99, 50), (100_000, 50_000)]
)
def test_lines_are_at_round_numbers(highest, step):
    assert _find_step(highest) == step
