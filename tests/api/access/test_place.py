from api.access.identity import Actor, Role
from api.access.place import name_actor, put_on_record
from provenance.tenant import MAIN

ADA = Actor("1", "Ada Lovelace", MAIN, frozenset({Role.ADMIN}), "person")


def test_the_ledger_hears_who_did_it_without_a_name(small):
    with small.database.write() as connection:
        for actor in (None, ADA, Actor("k1", "ci", MAIN, frozenset(), "key")):
            put_on_record(small, connection, kind="access.key_created", subject="k", by=actor, body={})
    entries = list(small.log.entries())
    by = [entry.fields()["by"] for entry in entries]
    assert (by[0], by[2]) == ("operator", "key:k1")
    assert by[1].startswith("reviewer-")
    assert not any(b"Ada" in entry.opening for entry in entries)


def test_a_person_is_called_what_their_reviews_call_them(small):
    from policies.review.reviewers import name_reviewer

    with small.database.write() as connection:
        assert name_actor(small, connection, ADA) == name_reviewer(connection, "Ada Lovelace")
