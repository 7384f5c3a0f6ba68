"""The command line in this process, on a site that has been opened, or filled, once for all tests."""

import io
import json
import shutil
import sys
from dataclasses import dataclass

import pytest
import structlog
from PIL import Image

from api.cli import main
from api.console import ERR, OUT
from api.wiring import open_site
from policies import gate
from provenance.media.picture.image import parse_image
from tests.api.desk.server import desk_server  # noqa: F401 - a fixture
from tests.sites import (
    DETECTORS,
    LIGHT_PACKS,
    PLAIN,
    as_submission,
    build_light_settings,
    build_settings,
    encode,
    photograph,
    photograph_path,
)


@dataclass(frozen=True)
class Done:
    """What one run of the command line came to."""

    code: int
    out: str
    err: str

    @property
    def document(self):
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def words(self):
        """Standard output with every run of white space as one space, so that tables may wrap."""
        return " ".join(self.out.split())


@dataclass(frozen=True)
class Stock:
    """What the stocked site holds."""

    released_id: str
    held_id: str
    work_id: str
    file: bytes


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch):
    """One width for all tests: a console reads COLUMNS when it is made, and a test runner may have set that."""
    for console in (OUT, ERR):
        monkeypatch.setattr(console, "_width", 160)


@pytest.fixture(autouse=True, scope="session")
def _quick_hashes():
    """Passwords are hashed at a hundredth of the cost; tests/api/access/test_password.py looks at the true one."""
    from argon2 import PasswordHasher

    quick = PasswordHasher(time_cost=1, memory_cost=512, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.access.password._load_hasher", lambda: quick)
        yield


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `chopmark` with arguments and return what it came to."""

    def invoke(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(item) for item in arguments])
        captured = capsys.readouterr()
        return Done(ended.value.code, captured.out, captured.err)

    yield invoke
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def _opened(tmp_path_factory):
    home = tmp_path_factory.mktemp("opened") / "home"
    with open_site(build_settings(home)):
        pass
    return home


@pytest.fixture(scope="session")
def _stocked(tmp_path_factory, _opened):
    home = tmp_path_factory.mktemp("stocked") / "home"
    shutil.copytree(_opened, home)
    with open_site(build_settings(home)) as site:
        released = gate.release(site.deployment, as_submission(encode(photograph()), name="coffee.jpg"))
        held = gate.release(
            site.deployment, as_submission(encode(Image.new("RGB", (320, 320), (9, 99, 9))), name="flat.jpg")
        )
        picture = parse_image(photograph_path("chelsea.png").read_bytes(), limits=site.deployment.limits)
        work = site.deployment.works.register(picture, title="Chelsea", owner="Stéfan")
        file = site.deployment.blobs.public.get(released.public_key)
    return home, Stock(released.asset_id, held.asset_id, work.id, file)


@pytest.fixture
def home(_opened, tmp_path, monkeypatch):
    """The data directory of an empty site of this test, named by the environment."""
    shutil.copytree(_opened, tmp_path / "home")
    for name, value in {**PLAIN, "CHOPMARK_HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "home"


@pytest.fixture
def light(home, monkeypatch):
    """The data directory of an empty site whose detectors load no weights, under the pack `light`."""
    monkeypatch.setenv("CHOPMARK_DETECTORS", ",".join(DETECTORS[:3]))
    monkeypatch.setenv("CHOPMARK_PACKS", "light")
    monkeypatch.setenv("CHOPMARK_PACK_FOLDERS", str(LIGHT_PACKS))
    return home


@pytest.fixture
def stock(_stocked, tmp_path, monkeypatch):
    """A site with one release, one held asset and one registered work; says what they are."""
    source, stock = _stocked
    shutil.copytree(source, tmp_path / "home")
    for name, value in {**PLAIN, "CHOPMARK_HOME": str(tmp_path / "home")}.items():
        monkeypatch.setenv(name, value)
    return stock


@pytest.fixture
def coffee(tmp_path):
    """A real photograph as a JPEG file."""
    path = tmp_path / "coffee.jpg"
    path.write_bytes(encode(photograph()))
    return path


@pytest.fixture
def copy_of_the_work(tmp_path):
    """A smaller, harder compressed copy of the stocked site's registered work."""
    path = tmp_path / "copy.jpg"
    path.write_bytes(encode(photograph("chelsea.png", 240), quality=60))
    return path


@pytest.fixture
def light_site_by_environment(tmp_path, monkeypatch):
    """A light site whose settings stand in the environment, where a helper finds them."""
    for name, value in {
        "HOME": tmp_path / "home", "DETECTORS": ",".join(DETECTORS[:3]), "PACKS": "light", "PACK_FOLDERS": LIGHT_PACKS,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"CHOPMARK_{name}", str(value))
    with open_site(build_light_settings(tmp_path / "home"), quiet=True) as site:
        yield site
