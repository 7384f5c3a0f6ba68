from bench.watermark.results import Journal, grouped


def test_a_line_cut_off_is_left_out_and_the_next_is_whole(tmp_path):
    journal = Journal(tmp_path / "results", "rows")
    assert list(journal.rows()) == []
    journal.append([{"a": 1}, {"a": 2}])
    with journal.path.open("a") as file:
        file.write('{"a":3,"b')
    journal.append([{"a": 4}])
    assert [row["a"] for row in journal.rows()] == [1, 2, 4]
    assert journal.done(("a",)) == {(1,), (2,), (4,)}


def test_groups_keep_their_order():
    rows = [{"k": "b", "n": 1}, {"k": "a", "n": 2}, {"k": "b", "n": 3}]
    assert list(grouped(rows, lambda row: row["k"])) == ["b", "a"]
    assert [row["n"] for row in grouped(rows, lambda row: row["k"])["b"]] == [1, 3]
