import stat

from PIL import Image

from api.references import drop_reference, write_reference
from api.wiring import open_site
from provenance.media.picture.image import parse_image
from tests.sites import build_light_settings, encode, photograph


def test_a_private_picture_is_written_until_the_work_is_withdrawn(tmp_path):
    settings = build_light_settings(tmp_path / "home")
    with open_site(settings) as site:
        works, database = site.deployment.works, site.deployment.database
        picture = parse_image(encode(photograph("coffee.png", 300)))
        work = works.register(picture, title="Coffee", owner="Ada", work_id="coffee:1")
        assert write_reference(settings, database, "nonesuch") is None
        path = write_reference(settings, database, work.id)
        assert path is not None
        assert path.parent.parent == settings.home
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with Image.open(path) as opened:
            assert opened.size == (picture.width, picture.height)
        assert write_reference(settings, database, work.id) == path
        drop_reference(settings, work.id)
        drop_reference(settings, work.id)
        assert not path.exists()
        (settings.home / "references").rmdir()
        (settings.home / "references").write_text("in the way")
        assert write_reference(settings, database, work.id) is None
        works.withdraw(work.id, "sold")
        (settings.home / "references").unlink()
        assert write_reference(settings, database, work.id) is None
