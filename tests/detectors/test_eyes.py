"""What both kinds of eyes share: records of banks and heads."""

import numpy as np

from detectors.concept_bank import Margin
from detectors.eyes import Glance, bank_record, head_record
from detectors.heads import load_head


def test_a_record_says_what_measured_it():
    record = bank_record(Margin("weapons", 0.25, 0.9, 3, makes_score=False), "photographs")
    assert record == {
        "category": "weapons",
        "by": "photographs",
        "raw": 0.25,
        "score": 0.9,
        "nearest": 3,
        "makes_score": False,
    }


def test_a_head_always_makes_a_score(tmp_path):
    np.savez(tmp_path / "own.npz", weight=np.ones((1, 4), np.float32), bias=np.zeros(1, np.float32))
    head = load_head({"name": "own", "category": "cuteness", "file": str(tmp_path / "own.npz")})
    record = head_record(head, np.array([1, 0, 0, 0], np.float32))
    assert (record["category"], record["by"], record["raw"], record["makes_score"]) == ("cuteness", "own", 1.0, True)
    assert 0.73 < record["score"] < 0.74


def test_a_glance_may_have_nothing_beside_its_records():
    assert Glance(()) == Glance((), (), "")
