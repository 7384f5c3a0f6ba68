"""Pseudonyms: one for each name, random, and found again."""

from policies.review.reviewers import find_names, find_pseudonyms, name_reviewer
from provenance.ledger.entry import build_entry


def test_a_name_has_one_pseudonym_that_tells_nothing_of_it(database):
    with database.write() as connection:
        first, again, other = (name_reviewer(connection, name) for name in ("Ana Núñez", "Ana Núñez", "Bo"))
    assert first == again != other
    assert first.startswith("reviewer-")
    assert len(first) == 25
    with database.read() as connection:
        assert find_pseudonyms(connection) == {"Ana Núñez": first, "Bo": other}


def test_names_are_found_of_those_that_entries_speak_of(database):
    with database.write() as connection:
        ana, _ = name_reviewer(connection, "Ana"), name_reviewer(connection, "Bo")
    bodies = (f'{{"decided_by":"review:{ana}"}}', '{"decided_by":"policy"}', '{"decided_by":"review:An Older Name"}')
    entries = [
        build_entry(at, kind=kind, subject="a", key=f"k{at}", body=body.encode(), created_at="2026-01-01T00:00:00.000Z")
        for at, (kind, body) in enumerate(zip(("review.made", "decision.made", "review.made"), bodies, strict=True))
    ]
    with database.read() as connection:
        assert find_names(connection, entries) == {ana: "Ana"}
