"""An interrupted asset is finished by what it was taken in under, not by the shell that finishes it."""

import json

from api.wiring import open_site
from policies.line import intake
from tests.api.conftest import _opened, _wide_terminal, home, run  # noqa: F401 - the command line's fixtures
from tests.sites import as_submission, build_settings, encode, photograph


def take_in(home, **settings):  # noqa: F811
    """Take a picture in as a process does that is killed before it goes on."""
    with open_site(build_settings(home, **settings)) as site:
        return intake.intake(site.deployment, as_submission(encode(photograph("chelsea.png")), name="cat.jpg"))


def test_default_packs_of_intake_decide(run, home, tmp_path):  # noqa: F811
    asset_id = take_in(home, packs=("baseline", "cn-labeling-2025"), provider={"name": "First Provider"})
    assert run("release", write(tmp_path), "--json").code == 0  # this shell's default is baseline alone
    with open_site(build_settings(home)) as site:
        entry = site.deployment.log.find(f"release:{asset_id}")
        assert entry is not None, "it was not resumed"
        assert {"explicit_label", "aigc_metadata"} <= set(entry.fields()["marks"])
        (decision,) = site.deployment.log.entries(subject=asset_id, kinds={"decision.made"})
        assert [pack["name"] for pack in decision.fields()["packs"]] == ["baseline", "cn-labeling-2025"]
        (public,) = (key for key, _ in site.deployment.blobs.public.keys(f"{asset_id}/") if "media" in key)
        assert b"First Provider" in site.deployment.blobs.public.get(public)


def test_a_pack_that_was_edited_meanwhile_does_not_decide(run, home, tmp_path, monkeypatch):  # noqa: F811
    packs = tmp_path / "packs"
    packs.mkdir()
    document = (
        "name: house\nversion: 1.0.0\ntitle: House\ndescription: A house rule.\njurisdiction: any\n"
        "effective: {from: 2026-01-01}\nsources:\n  House: {title: House rule}\n"
        "rules:\n  - {id: all, when: 'true', outcome: OUTCOME, clause: House 1, text: everything waits}\n"
    )
    (packs / "house.yaml").write_text(document.replace("OUTCOME", "hold"))
    settings = {"pack_folders": (packs,), "packs": ("house",)}
    asset_id = take_in(home, **settings)
    (packs / "house.yaml").write_text(document.replace("'true'", "'false'").replace("OUTCOME", "hold"))
    monkeypatch.setenv("CHOPMARK_PACK_FOLDERS", str(packs))
    with open_site(build_settings(home, **settings)) as site:
        (decision,) = site.deployment.log.entries(subject=asset_id, kinds={"decision.made"})
    assert decision.fields()["outcome"] == "hold"
    assert json.dumps(decision.fields()["packs"]).count("house") == 1


def write(tmp_path):
    path = tmp_path / "rocket.jpg"
    path.write_bytes(encode(photograph("rocket.jpg")))
    return path
