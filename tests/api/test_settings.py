from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import make_url

from api.settings import (
    DETECTORS_WITHOUT_EXTRAS,
    Environment,
    build_default_settings,
    find_home,
    load_settings,
)
from generation import weights as pipelines
from provenance.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _no_settings(tmp_path, monkeypatch):
    import os

    for name in [name for name in os.environ if name.startswith("CHOPMARK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path))


def test_everything_has_a_default_that_needs_no_network(tmp_path):
    settings = load_settings()
    assert settings.home == tmp_path
    assert settings.resolved_database_url() == f"sqlite:///{tmp_path}/chopmark.db"
    assert settings.signing.timestamp_url == ""
    assert not settings.is_production
    assert (settings.keys_dir, settings.models_dir, settings.index_dir) == tuple(
        tmp_path / name for name in ("keys", "models", "index")
    )


def test_arguments_win_over_the_environment_and_that_over_the_file(tmp_path, monkeypatch):
    (tmp_path / "chopmark.toml").write_text('packs = ["one"]\nwatermark = "riva_gan"\n[provider]\nname = "Acme"\n')
    assert load_settings().packs == ("one",)
    assert load_settings().provider.name == "Acme"
    monkeypatch.setenv("CHOPMARK_PACKS", "two, three")
    assert load_settings().packs == ("two", "three")
    assert load_settings(packs=("four",)).packs == ("four",)
    assert load_settings().watermark == "riva_gan"


def test_the_file_of_the_named_home_counts(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "chopmark.toml").write_text('packs = ["other"]\n')
    assert load_settings(home=other).packs == ("other",)


def test_the_environment_spells_groups_lists_and_numbers(monkeypatch):
    monkeypatch.setenv("CHOPMARK_SIGNING__TIMESTAMP_URL", "https://tsa.example")
    monkeypatch.setenv("CHOPMARK_DETECTOR_OPTIONS", '{"clip": {"threads": 2}}')
    monkeypatch.setenv("CHOPMARK_PACK_FOLDERS", '["/a", "/b"]')
    monkeypatch.setenv("CHOPMARK_MAX_BYTES", "1024")
    monkeypatch.setenv("CHOPMARK_ENVIRONMENT", "production")
    settings = load_settings()
    assert settings.signing.timestamp_url == "https://tsa.example"
    assert settings.detector_options == {"clip": {"threads": 2}}
    assert settings.pack_folders == (Path("/a"), Path("/b"))
    assert settings.max_bytes == 1024
    assert settings.environment is Environment.PRODUCTION


@pytest.mark.parametrize(("name", "value", "said"), [
    ("HOM", "/x", "no setting is called CHOPMARK_HOM, did you mean CHOPMARK_HOME"),
    ("ZZZZZZ", "/x", "known are CHOPMARK_HOME"),
    ("MAX_BYTES", "many", "max_bytes: input should be a valid integer"),
    ("MAX_BYTES", "0", "max_bytes: input should be greater than 0"),
    ("ENVIRONMENT", "prod", "environment: input should be 'development' or 'production'"),
    ("SIGNING__KEY", "x", "signing.key: extra inputs are not permitted"),
    ("PACKS", "[oops", "settings cannot be used"),
    ("DETECTOR_OPTIONS", "{", "settings cannot be used"),
])  # fmt: skip
def test_what_cannot_be_used_is_named(monkeypatch, name, value, said):
    monkeypatch.setenv(f"CHOPMARK_{name}", value)
    with pytest.raises(ConfigurationError, match="^[^\n]+$") as raised:
        load_settings()
    assert said in str(raised.value)


def test_no_secret_is_shown_with_the_settings(monkeypatch):
    monkeypatch.setenv("CHOPMARK_GATEWAY_OPTIONS", '{"ark": {"api_key": "s3cret"}}')
    monkeypatch.setenv("CHOPMARK_BACKEND_OPTIONS", '{"some": {"token": "s3cret"}}')
    monkeypatch.setenv("CHOPMARK_DATABASE_URL", "postgresql+psycopg://me:s3cret@host/works")
    monkeypatch.setenv("CHOPMARK_PUBLIC_URL", "s3://bucket?secret_access_key=s3cret")
    assert "s3cret" not in f"{load_settings()!r} {load_settings()}"


def test_a_value_is_never_quoted(monkeypatch):
    monkeypatch.setenv("CHOPMARK_MAX_PIXELS", "hunter2")
    with pytest.raises(ConfigurationError) as raised:
        load_settings()
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("value", ["", " ", "\t"])
def test_an_empty_home_is_not_the_current_folder(monkeypatch, value):
    monkeypatch.setenv("CHOPMARK_HOME", value)
    with pytest.raises(ConfigurationError, match="CHOPMARK_HOME is set, but empty"):
        load_settings()


def test_a_relative_home_is_one_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHOPMARK_HOME", "site")
    assert load_settings().home == tmp_path / "site"


@pytest.mark.parametrize("name", ["SIGNING__CERTIFICATE_CHAIN", "SIGNING__PRIVATE_KEY", "SIGNING__TRUST_CONFIG"])
def test_an_empty_path_is_named(monkeypatch, name):
    monkeypatch.setenv(f"CHOPMARK_{name}", "")
    with pytest.raises(ConfigurationError, match=f"{name.lower().replace('__', '.')}: .*got an empty one"):
        load_settings()


@pytest.mark.parametrize(("name", "value"), [
    ("DATABASE_URL", "sqlite:///chopmark.db"), ("DATABASE_URL", "sqlite:///sub/x.db?a=b"),
    ("QUARANTINE_URL", "quarantine"), ("PUBLIC_URL", "./public"), ("PUBLIC_URL", "~/public"),
])  # fmt: skip
def test_a_place_that_depends_on_the_current_folder_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(f"CHOPMARK_{name}", value)
    with pytest.raises(ConfigurationError, match=f"{name.lower()}: .*absolute path"):
        load_settings()


@pytest.mark.parametrize(("name", "value"), [
    ("DATABASE_URL", "sqlite:////a/b.db"), ("DATABASE_URL", "sqlite://"), ("DATABASE_URL", "sqlite:///:memory:"),
    ("DATABASE_URL", "postgresql://host/name"), ("PUBLIC_URL", "s3://bucket/x"), ("PUBLIC_URL", "/a/b"),
    ("PUBLIC_URL", "memory://"), ("QUARANTINE_URL", ""),
])  # fmt: skip
def test_other_places_are_taken_as_they_are(monkeypatch, name, value):
    monkeypatch.setenv(f"CHOPMARK_{name}", value)
    assert getattr(load_settings(), name.lower()) == value


@pytest.mark.parametrize("name", ["a?b", "100%", "a#b", "two words", "a%20b"])
def test_a_home_of_any_name_has_its_own_database(tmp_path, name):
    url = make_url(load_settings(home=tmp_path / name).resolved_database_url())
    assert (url.database, dict(url.query)) == (f"{tmp_path}/{name}/chopmark.db", {})


def test_odd_bytes_in_the_file_are_told_with_its_name(tmp_path):
    (tmp_path / "chopmark.toml").write_bytes(b"\xff\xfe\x00packs")
    with pytest.raises(ConfigurationError, match=r"chopmark\.toml is not TOML.*move it away"):
        load_settings()


@pytest.mark.parametrize(("text", "said"), [("packs = [", "is not TOML"), ("pack = []", "pack: extra inputs")])
def test_a_wrong_file_is_named(tmp_path, text, said):
    (tmp_path / "chopmark.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        load_settings()


def test_the_data_directory_is_found_without_being_named(tmp_path, monkeypatch):
    monkeypatch.delenv("CHOPMARK_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert find_home() == tmp_path / "share" / "chopmark"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_home() == tmp_path / ".local" / "share" / "chopmark"
    monkeypatch.setattr(Path, "expanduser", _no_home)
    with pytest.raises(ConfigurationError, match="set CHOPMARK_HOME"):
        find_home()


def _no_home(self):
    raise RuntimeError("Could not determine home directory.")


def test_default_settings_read_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("CHOPMARK_PACKS", "nonesuch")
    monkeypatch.setenv("CHOPMARK_DATABASE_URL", "postgresql://production/works")
    (tmp_path / "chopmark.toml").write_text('backend = "nonesuch"\n')
    settings = build_default_settings(tmp_path)
    assert (settings.packs, settings.backend, settings.database_url) == (("baseline",), "diffusers_local", "")
    assert settings.home == tmp_path


@pytest.mark.parametrize("missing", [None, "diffusers"])
def test_the_embedded_models_are_the_default_where_their_extras_are(tmp_path, monkeypatch, missing):
    monkeypatch.setattr(pipelines, "find_spec", lambda name: None if name == missing else find_spec(name))
    settings = build_default_settings(tmp_path)
    assert settings.detectors[: len(DETECTORS_WITHOUT_EXTRAS)] == DETECTORS_WITHOUT_EXTRAS
    assert "clip" in settings.detectors
    assert settings.backend == ("sketch" if missing == "diffusers" else "diffusers_local")
