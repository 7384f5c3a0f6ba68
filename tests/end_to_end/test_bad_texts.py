"""Damaged and hostile texts down every way in: an error of ours, a hold, or a release without what nobody sees."""

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli import app
from api.wiring import open_site
from policies import gate
from policies.rules.decision import Outcome
from provenance.errors import AssetError
from provenance.verify.state import JointState
from tests.api.doors import Doorkeeper, as_
from tests.bad_texts import BAD_TEXTS, EITHER, HELD, REFUSED, SHIPS
from tests.sites import LIGHT_PACKS, as_submission, build_light_settings

SOME = {what: bad for what, bad in BAD_TEXTS.items() if bad.ends == REFUSED or "script" in what or "between" in what}
"""What takes little time: the others end in the same places."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    settings = build_light_settings(tmp_path_factory.mktemp("bad") / "home", media=("picture", "text"))
    with open_site(settings) as opened:
        yield opened


def release(site, bad):
    try:
        return gate.release(site.deployment, as_submission(bad.data, name=bad.name))
    except AssetError as exc:
        return str(exc)


@pytest.mark.parametrize("what", BAD_TEXTS)
def test_it_ends_as_it_has_to(site, what):
    bad = BAD_TEXTS[what]
    result = release(site, bad)
    if bad.ends == REFUSED:
        assert "expected" in result
        return
    assert result.outcome in {SHIPS: {Outcome.RELEASE}, HELD: {Outcome.HOLD}, EITHER: set(Outcome)}[bad.ends]
    if result.outcome is Outcome.RELEASE:
        shipped = site.deployment.blobs.public.get(result.public_key).decode()
        assert not [gone for gone in bad.gone if gone in shipped]


@pytest.mark.parametrize("what", BAD_TEXTS)
def test_verify_answers_or_says_why_not(site, what):
    try:
        told = site.verifier.verify(BAD_TEXTS[what].data).state
    except AssetError as exc:
        told = str(exc)
    assert told in set(JointState) or "expected" in told


def test_over_http_each_is_a_problem_or_an_answer(tmp_path, monkeypatch):
    settings = {"HOME": tmp_path / "home", "MEDIA": "picture,text", "PACKS": "light", "PACK_FOLDERS": LIGHT_PACKS}
    for name, value in settings.items():
        monkeypatch.setenv(f"CHOPMARK_{name}", str(value))
    monkeypatch.setenv("CHOPMARK_DETECTORS", "prompt,incoming_marks,copyright")
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        client.app.state.doorkeeper = Doorkeeper()
        for what, bad in SOME.items():
            files = {"file": (bad.name, bad.data, "application/octet-stream")}
            answer = client.post("/v1/releases?wait=60", files=files, headers=as_("submitter.1"))
            told = answer.json()
            if bad.ends == REFUSED:
                assert 400 <= answer.status_code < 500, (what, answer.text)
                assert "expected" in str(told), what
                assert answer.headers["content-type"].startswith("application/problem+json")
            else:
                assert answer.status_code in {200, 202}, (what, answer.text)
            verified = client.post("/v1/verifications", content=bad.data)
            assert verified.status_code in {200, 400, 413, 415, 422}, (what, verified.text)


def test_by_the_command_line_none_is_a_traceback(tmp_path, monkeypatch, capfd):
    settings = {"HOME": tmp_path / "home", "MEDIA": "picture,text", "PACKS": "light", "PACK_FOLDERS": LIGHT_PACKS}
    for name, value in settings.items():
        monkeypatch.setenv(f"CHOPMARK_{name}", str(value))
    monkeypatch.setenv("CHOPMARK_DETECTORS", "prompt,incoming_marks,copyright")
    paths = {}
    for number, (what, bad) in enumerate(SOME.items()):
        paths[what] = tmp_path / f"{number:02}{bad.name}"
        paths[what].write_bytes(bad.data)
    for verb in (["release", "-o", str(tmp_path / "out")], ["verify"]):
        with pytest.raises(SystemExit) as ended:
            app([*verb, *map(str, paths.values())])
        assert ended.value.code not in {0, None}
        told = capfd.readouterr()
        assert "Traceback" not in told.err + told.out
        for what, path in paths.items():
            if SOME[what].ends == REFUSED and verb[0] == "release":
                assert not (tmp_path / "out" / path.name).exists(), what
