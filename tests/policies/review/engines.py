"""A site on each engine, for tests about what several people do at once."""

import pytest

from api.wiring import open_site
from tests.conftest import _create_database, _with_name
from tests.sites import build_light_settings


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def site(request, tmp_path_factory):
    """A site that the tests of one module share, in the place of the one on SQLite alone."""
    url = ""
    if request.param == "postgres":
        server, name = request.getfixturevalue("postgres_url"), request.module.__name__.rpartition(".")[2]
        _create_database(server, name, request.getfixturevalue("_postgres_template"))
        url = _with_name(server, name)
    with open_site(build_light_settings(tmp_path_factory.mktemp("site") / "home", database_url=url)) as opened:
        yield opened
