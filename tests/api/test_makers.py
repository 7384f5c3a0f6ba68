import pytest

from api.maker_settings import MakerSettings
from api.makers import build_makers
from api.settings import load_settings
from api.wiring import open_site
from provenance.errors import ConfigurationError
from tests.sites import build_light_settings


def settings(tmp_path, options=None, **makers):
    return build_light_settings(tmp_path, makers=MakerSettings(**makers), backend_options=options or {})


def test_what_is_not_named_is_done_by_what_comes_along(tmp_path):
    made = build_makers(settings(tmp_path))
    assert (made.clips, made.music, made.voices) == (None, None, None)


@pytest.mark.parametrize(
    ("makers", "problem"),
    [
        ({"clips": "sketch"}, r"makers\.clips: the backend sketch makes pictures: expected one that makes clips"),
        ({"music": "diffusers_video"}, r"makers\.music: the backend diffusers_video makes clips"),
        ({"voices": "transformers_speech"}, r"makers\.voices: transformers_speech comes with no weights"),
    ],
)
def test_what_cannot_be_meant_is_blamed_on_its_setting(tmp_path, makers, problem):
    options = {"diffusers_video": {"model": str(tmp_path)}}
    with pytest.raises(ConfigurationError, match=problem):
        build_makers(settings(tmp_path, options, **makers))


def test_a_name_that_nothing_has_stops_the_site(tmp_path):
    with (
        pytest.raises(
            ConfigurationError, match=r"makers\.clips: expected names out of .*diffusers_video.*, got 'kling'"
        ),
        open_site(settings(tmp_path, clips="kling")),
    ):
        pass


def test_makers_stand_in_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path))
    monkeypatch.setenv("CHOPMARK_MAKERS__MUSIC", "transformers_music")
    assert load_settings().makers == MakerSettings(music="transformers_music")
