import json
from dataclasses import asdict

from provenance.works.record import Action, Match, MatchReport, SecondOpinion


def match(work_id, action, distance, suppressed_by=None):
    opinion = SecondOpinion("phash", 3, 10, agrees=True)
    return Match(work_id, "t", "o", "b", action, "pdq", "plain", distance, 31, "00", opinion, suppressed_by)


def test_the_best_match_of_an_action_is_the_nearest_that_nothing_takes_back():
    report = MatchReport(
        (
            match("a", Action.BLOCK, 1, suppressed_by="z"),
            match("b", Action.HOLD, 2),
            match("c", Action.BLOCK, 5),
            match("d", Action.BLOCK, 9),
        ),
        (),
        ("pdq",),
    )
    assert report.best(Action.BLOCK).work_id == "c"
    assert report.best(Action.HOLD).work_id == "b"
    assert report.best(Action.ATTRIBUTE) is None


def test_a_match_is_evidence_as_it_stands():
    record = json.loads(json.dumps(asdict(match("a", Action.ATTRIBUTE, 7))))
    assert record["action"] == "attribute"
    assert record["second_opinion"] == {"alg": "phash", "distance_bits": 3, "threshold_bits": 10, "agrees": True}
