"""A small site whose backups are taken, once a worker."""

import pytest

from api.wiring import open_site
from policies import gate
from policies.backup.taking import Site
from tests.sites import build_light_settings, submission


def as_site(opened):
    """What a backup of an open site is taken of."""
    here, home = opened.deployment, opened.settings.home
    files = {name: home / name for name in ("chopmark.toml", "last-checkpoint.txt")}
    return Site(here.database, here.blobs, here.log, files, opened.settings.keys_dir)


@pytest.fixture(scope="session")
def busy(tmp_path_factory):
    """An open site with a release and a held asset."""
    with open_site(build_light_settings(tmp_path_factory.mktemp("busy") / "home"), quiet=True) as site:
        gate.release(site.deployment, submission(side=288))
        gate.release(site.deployment, submission("astronaut.png", side=288, prompt="a casino at night"))
        yield site
