import os
import shutil
import tomllib
from pathlib import Path

import pytest

from api import wiring
from api.wiring import build_name, open_site
from policies import gate
from policies.line import intake
from policies.line.sweeping import unfinished
from provenance.errors import ConfigurationError, InconsistentLedgerError, NoSiteError, StoreError, UnknownPluginError
from tests.sites import as_submission, build_light_settings, build_settings, encode, photograph


def test_the_version_is_that_of_the_distribution():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert project["version"] == wiring.VERSION


def test_a_site_is_opened_where_nothing_was(tmp_path):
    home = tmp_path / "deep" / "home"
    with open_site(build_settings(home)) as site:
        assert site.deployment.log.size() == 0
        assert set(site.deployment.packs) >= {"baseline", "cn-labeling-2025", "eu-ai-act-50"}
        assert [detector.card.name for detector in site.deployment.runner.detectors] == [
            "prompt", "incoming_marks", "copyright", "nsfw", "clip", "faces", "codes", "personal",
        ]  # fmt: skip
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "quarantine").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(("field", "value"), [
    ("detectors", ("nonesuch",)), ("watermark", "nonesuch"), ("read_watermarks", ("nonesuch",)),
])  # fmt: skip
def test_unknown_names_stop_the_start_and_list_the_known(home, field, value):
    with (
        pytest.raises(UnknownPluginError, match=r"nonesuch.*known:"),
        open_site(build_settings(home, **{field: value})),
    ):
        pass


def test_an_unknown_backend_is_named_at_the_start(home):
    with (
        pytest.raises(ConfigurationError, match="backend: expected names out of .*sketch"),
        open_site(build_settings(home, backend="nonesuch")),
    ):
        pass


@pytest.mark.parametrize(("signing", "said"), [
    ({"private_key": "/x.pem"}, "need signing.certificate_chain"),
    ({"certificate_chain": "/x.pem"}, "either signing.private_key or signing.command"),
    ({"certificate_chain": "/x.pem", "private_key": "/absent.pem"}, "key file absent.pem"),
    ({"certificate_chain": "/absent.pem", "command": ["sign"]}, "certificate chain absent.pem"),
])  # fmt: skip
def test_half_a_signer_stops_what_signs_and_nothing_else(home, signing, said):
    with open_site(build_settings(home, signing=signing)) as site:
        assert site.deployment.log.size() == 0
        with pytest.raises(ConfigurationError, match=said):
            site.warm()


def test_production_refuses_the_development_authority(home):
    with (
        open_site(build_settings(home, environment="production")) as site,
        pytest.raises(ConfigurationError, match="development CA may not sign in production"),
    ):
        site.warm()


def test_what_was_interrupted_waits_for_a_signer(home):
    with open_site(build_settings(home)) as site:
        asset_id = intake.intake(site.deployment, as_submission(encode(photograph())))
    with open_site(build_settings(home, environment="production")) as site:
        assert unfinished(site.deployment) == (asset_id,)
    with open_site(build_settings(home)) as site:
        assert site.deployment.log.find(f"release:{asset_id}") is not None


def test_a_site_is_made_where_it_may_be_and_that_is_said(tmp_path, capsys):
    with pytest.raises(NoSiteError, match=r"there is no site in .*nowhere.*chopmark init"):
        open_site(build_settings(tmp_path / "nowhere"), may_make=False).__enter__()
    assert not (tmp_path / "nowhere").exists()
    for said in (f"a new site was made in {tmp_path}/home\n", ""):
        with open_site(build_settings(tmp_path / "home")):
            pass
        assert "".join(capsys.readouterr().err.splitlines()) == said.strip()


def test_opening_finishes_what_a_crash_interrupted(home):
    settings = build_settings(home)
    with open_site(settings) as site:
        asset_id = intake.intake(site.deployment, as_submission(encode(photograph())))
        assert unfinished(site.deployment) == (asset_id,)
    with open_site(settings) as site:
        assert unfinished(site.deployment) == ()
        assert site.deployment.log.find(f"release:{asset_id}") is not None


def test_a_second_process_leaves_to_the_first_what_is_in_its_hands(home):
    settings = build_settings(home)
    with open_site(settings) as first:
        asset_id = intake.intake(first.deployment, as_submission(encode(photograph())))
        with open_site(settings) as second:
            assert unfinished(second.deployment) == (asset_id,)
        assert gate.walk(first.deployment, asset_id).outcome.value == "release"


def test_what_cannot_be_finished_now_stops_nothing_else(home, monkeypatch):
    def fail(_):
        raise StoreError("the disk is away")

    monkeypatch.setattr("api.upkeep.resume", fail)
    with open_site(build_settings(home)) as site:
        assert site.deployment.log.size() == 0


def test_drawing_names_the_picture_by_a_digest(home):
    with open_site(build_settings(home)) as site:
        steps = []
        drawn = site.draw(
            "a quiet lake", seed=4, size=(128, 96), progress=lambda done, total: steps.append((done, total))
        )
        again = site.draw("a quiet lake", seed=4, size=(128, 96))
        changed = site.draw("a quiet lake", source=drawn.unverified_file.read(), strength=0.4)
    assert drawn.name == build_name("a quiet lake", 4)
    assert "lake" not in drawn.name + str(drawn.recipe)
    assert drawn.unverified_file.sha256 == again.unverified_file.sha256
    assert changed.recipe["source_sha256"]
    assert steps[-1][0] == steps[-1][1]


def test_a_database_that_was_set_back_stops_the_site_before_it_releases(tmp_path):
    settings = build_light_settings(tmp_path / "home")
    with open_site(settings) as site:
        site.warm()
        site.deployment.works.define_bank("first", action="hold")
        site.deployment.log.checkpoint()
    shutil.copyfile(settings.home / "chopmark.db", tmp_path / "older.db")
    with open_site(settings) as site:
        site.deployment.works.define_bank("second", action="hold")
        site.deployment.log.checkpoint()
    for path in settings.home.glob("chopmark.db*"):
        path.unlink()
    shutil.copyfile(tmp_path / "older.db", settings.home / "chopmark.db")
    with pytest.raises(InconsistentLedgerError), open_site(settings):
        pass


def test_detectors_run_apart_where_settings_say_so_and_end_with_the_site(tmp_path):
    settings = build_light_settings(tmp_path / "home", detectors=("nsfw",), isolated_detectors=("nsfw",))
    with open_site(settings) as site:
        (detector,) = site.deployment.runner.detectors
        detector.warm()
        pid = detector._child._process.pid
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(("name", "said"), [
    ("nsfw", "expected enabled detectors, got 'nsfw'"), ("copyright", "'copyright' needs the registry of works"),
])  # fmt: skip
def test_what_cannot_run_apart_stops_the_start(tmp_path, name, said):
    settings = build_light_settings(tmp_path / "home", detectors=("copyright",), isolated_detectors=(name,))
    with pytest.raises(ConfigurationError, match=said), open_site(settings):
        pass
