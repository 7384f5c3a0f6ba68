"""One index for each collection and fingerprint."""

from provenance.fingerprints.copy import Copy
from provenance.tenant import MAIN
from provenance.works.indexes import Indexes


def test_an_index_is_opened_once_and_that_of_parts_has_the_name_of_its_weights(sqlite_database, tmp_path):
    indexes = Indexes(sqlite_database, tmp_path, tenant=MAIN, fold_at=100)
    assert indexes.index("works", "pdq") is indexes.index("works", "pdq")
    assert indexes.index("works", "pdq") is not indexes.index("releases", "pdq")
    assert indexes.index("works", "copy")._alg == Copy.kept_as
    assert indexes.scheme("pdq") is indexes.scheme("pdq")
    assert indexes.index("works", "copy").size() == 0
    indexes.close()
