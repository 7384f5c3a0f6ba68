import stat

from PIL import Image

from api.references import LONGEST_SIDE, drop_reference, find_reference, keep_reference
from provenance.media.image import parse_image
from tests.sites import build_light_settings, encode, photograph

SECRET = "../../etc/passwd"


def test_a_small_private_picture_is_kept_until_it_is_dropped(tmp_path):
    settings = build_light_settings(tmp_path / "home")
    picture = parse_image(encode(photograph("coffee.png", 700)))
    assert find_reference(settings, SECRET) is None
    keep_reference(settings, SECRET, picture)
    path = find_reference(settings, SECRET)
    assert path is not None
    assert path.parent.parent == settings.home
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with Image.open(path) as opened:
        assert max(opened.size) == LONGEST_SIDE
    drop_reference(settings, SECRET)
    drop_reference(settings, SECRET)
    assert find_reference(settings, SECRET) is None


def test_what_cannot_be_kept_stops_nothing(tmp_path):
    settings = build_light_settings(tmp_path / "home")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "references").write_text("a file")
    keep_reference(settings, "w", parse_image(encode(photograph("coffee.png", 300))))
    assert find_reference(settings, "w") is None
