"""What a database knows of its site, on both engines."""

from provenance.storage.site import SITE_ID, find_facts, find_site_id, load_site_id, record_facts


def test_a_site_has_one_id_for_ever(database):
    assert find_site_id(database) is None
    made = load_site_id(database)
    assert len(made) == 36
    assert load_site_id(database) == find_site_id(database) == made
    with database.write() as connection:
        record_facts(connection, {SITE_ID: "another"})
    assert load_site_id(database) == made


def test_what_was_written_first_stays(database):
    with database.write() as connection:
        record_facts(connection, {})
        record_facts(connection, {"key.b": "2", "key.a": "1"})
        record_facts(connection, {"key.a": "3", "key.c": "4", "other": "5"})
    with database.read() as connection:
        assert find_facts(connection, "key.") == {"key.a": "1", "key.b": "2", "key.c": "4"}
        assert list(find_facts(connection)) == ["key.a", "key.b", "key.c", "other"]
