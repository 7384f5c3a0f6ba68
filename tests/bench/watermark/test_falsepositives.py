from bench.watermark.__main__ import main
from bench.watermark.results import Journal
from bench.watermark.tables import wrong
from tests.bench.watermark.pictures import write_sets


def test_nothing_is_read_where_nothing_was_written(tmp_path):
    root = write_sets(tmp_path / "pictures")
    for _ in range(2):  # the second time there is nothing left to do
        main([
            "falsepositives", "--pictures", str(root), "--set", "heldout/500", "--schemes", "dwt_dct_svd", "--attacks",
            "none,jpeg50", "--keys", "2", "--results", str(tmp_path / "results"),
        ])  # fmt: skip
    rows = list(Journal(tmp_path / "results", "falsepositives").rows())
    assert [(row["material"], row["extractions"]) for row in rows] == [("unmarked", 4), ("another key", 2)] * 2
    assert all(row["found"] == [] for row in rows)
    assert [line[:4] for line in wrong(tmp_path / "results")[1:]] == [
        ["dwt_dct_svd", "unmarked", "8", "0"],
        ["dwt_dct_svd", "another key", "4", "0"],
    ]
