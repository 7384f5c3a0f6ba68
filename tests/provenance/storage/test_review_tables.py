from policies.review.backlog import IS_WAITING
from provenance.storage.database import METADATA
from provenance.storage.review_tables import JOBS, WAITS


def test_what_moderators_work_with_is_registered():
    names = ("jobs", "facets", "notes", "opinions", "batches", "batch_items", "wellness")
    assert {f"review_{name}" for name in names} <= METADATA.tables.keys()


def test_the_queue_asks_in_the_words_of_its_indexes():
    """An engine takes an index of some rows only for a question that says the same."""
    assert str(IS_WAITING) == f"({JOBS.name}.{WAITS.text})"
