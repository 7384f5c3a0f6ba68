import pytest
from PIL import Image

from api.originals import Original
from api.registering import Registrar
from api.wiring import open_site
from provenance.errors import WorksError
from provenance.works.record import Work
from tests.sites import build_light_settings, encode, photograph


@pytest.fixture
def site(tmp_path):
    """A site of the test's own."""
    with open_site(build_light_settings(tmp_path / "home")) as opened:
        yield opened


@pytest.fixture
def coffee(tmp_path):
    """A picture."""
    path = tmp_path / "coffee.png"
    path.write_bytes(encode(photograph(), "PNG"))
    return str(path)


def never(question):
    raise AssertionError(question)


def test_the_same_picture_of_the_same_owner_is_registered_once_in_a_batch_and_after(site, coffee):
    two = [Original(coffee, "one", "A"), Original(coffee, "two", "a")]
    first, second = Registrar(site, never).register(two)
    assert (first.is_repeat, second.is_repeat) == (False, True)
    assert first.work == second.work
    (third,) = Registrar(site, never).register(two[1:])
    assert (third.work, third.is_repeat) == (first.work, True)
    assert len(list(site.deployment.works.works())) == 1


@pytest.mark.parametrize("quality", [0, 60])
def test_another_owner_is_a_question(site, coffee, tmp_path, quality):
    Registrar(site, never).register([Original(coffee, "one", "A. Painter")])
    copy = tmp_path / "copy.jpg"
    copy.write_bytes(encode(photograph(), quality=quality) if quality else encode(photograph(), "PNG"))
    path = str(copy if quality else coffee)
    asked = []
    (refused,) = Registrar(site, lambda question: asked.append(question) is not None).register(
        [Original(path, "mine", "B. Painter")]
    )
    assert isinstance(refused.work, WorksError)
    assert "--second-owner" in str(refused.work)
    assert "A. Painter" in asked[0]
    (allowed,) = Registrar(site, lambda _: True).register([Original(path, "mine", "B. Painter")])
    assert isinstance(allowed.work, Work)
    assert len(list(site.deployment.works.works())) == 2


def test_what_cannot_be_registered_stops_no_other(site, coffee, tmp_path):
    flat = tmp_path / "flat.png"
    flat.write_bytes(encode(Image.new("RGB", (300, 300), "teal"), "PNG"))
    made = Registrar(site, never).register([
        Original(str(flat), "flat", "A"), Original("absent.png", "x", "A"), Original(coffee, "x", ""),
        Original(coffee, "a\x1b", "A"), Original(coffee, "x", "A", bank="nonesuch"), Original(coffee, "x", "A"),
    ])  # fmt: skip
    assert [isinstance(item.work, Work) for item in made] == [False] * 5 + [True]
    assert "cannot be found again" in str(made[0].work)
    assert "expected an owner" in str(made[2].work)
    assert "printable" in str(made[3].work)
    assert "no bank is named" in str(made[4].work)
