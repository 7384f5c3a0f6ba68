import pytest

from api.wiring import open_site
from tests.sites import build_light_settings


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site that the tests of one module share; each hands in assets of its own."""
    with open_site(build_light_settings(tmp_path_factory.mktemp("site") / "home")) as opened:
        yield opened


@pytest.fixture
def here(site):
    """Its deployment."""
    return site.deployment
