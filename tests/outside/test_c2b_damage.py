"""One damaged file or row stops nothing but its own asset: that one waits, is listed by `doctor`, and can be refused."""

import sqlite3

import pytest

from api.wiring import open_site
from policies.line import intake
from tests.api.conftest import _opened, _stocked, _wide_terminal, run, stock  # noqa: F401 - the command line's fixtures
from tests.sites import as_submission, build_settings, encode, photograph


@pytest.fixture
def waiting(stock, tmp_path):  # noqa: F811
    """Two assets that a killed process left behind: the one that is to be damaged, and another."""
    with open_site(build_settings(tmp_path / "home")) as site:
        return [
            intake.intake(site.deployment, as_submission(encode(photograph(name, 300)), prompt="a small red boat"))
            for name in ("chelsea.png", "rocket.jpg")
        ]


def edit(home, statement, *values):
    connection = sqlite3.connect(home / "chopmark.db")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def blob(name, data):
    def damage(home, asset_id):
        path = home / "quarantine" / asset_id / name
        path.unlink() if data is None else path.write_bytes(data)

    return damage


def row(statement, value):
    return lambda home, asset_id: edit(home, statement, value, asset_id)


DAMAGES = {
    "prompt is no text": blob("prompt", b"\xff\xfe\x80"),
    "prompt is another": blob("prompt", b"another"),
    "prompt is gone": blob("prompt", None),
    "original is cut": blob("original", b"\xff\xd8\xff"),
    "original is gone": blob("original", None),
    "request is no json": row("UPDATE assets SET request = ? WHERE id = ?", "{"),
    "request is a list": row("UPDATE assets SET request = ? WHERE id = ?", "[]"),
    "request is no utf-8": row("UPDATE assets SET request = CAST(? AS TEXT) WHERE id = ?", b"\xff\xfe"),
    "type is unknown": row("UPDATE assets SET media_type = ? WHERE id = ?", "image/none"),
}


QUICK = {"prompt is no text", "original is gone", "request is no json"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in DAMAGES]
)
def test_damage_stops_its_own_asset_alone(run, stock, waiting, tmp_path, name):  # noqa: F811
    broken, sound = waiting
    home = tmp_path / "home"
    DAMAGES[name](home, broken)
    (tmp_path / "coffee.jpg").write_bytes(encode(photograph("coffee.png", 320)))
    for verb in (
        ("release", tmp_path / "coffee.jpg", "-o", tmp_path / "out.jpg"),
        ("review", "list"),
        ("works", "list"),
        ("match", tmp_path / "coffee.jpg"),
        ("verify", tmp_path / "out.jpg"),
    ):
        done = run(*verb)
        assert done.code in {0, 1}, (verb, done.err)
        assert "defect" not in done.err
    assert (home / "public" / sound).is_dir(), "the other one was finished"
    assert not (home / "public" / broken).exists()
    doctor = run("doctor", "--json")
    assert any(broken in check["text"] for check in doctor.document["checks"]), doctor.out
    assert "defect" not in doctor.out


@pytest.mark.parametrize("name", ["prompt is no text", "original is gone"])
def test_a_person_can_give_it_up(run, stock, waiting, tmp_path, name):  # noqa: F811
    broken, _ = waiting
    DAMAGES[name](tmp_path / "home", broken)
    assert run("review", "approve", broken, "--reviewer", "Mo", "--reason", "no").code == 2
    assert run("review", "refuse", broken, "--reviewer", "Mo", "--reason", "lost").code == 0
    doctor = run("doctor", "--json")
    assert not any(broken in check["text"] for check in doctor.document["checks"]), doctor.out
    assert run("audit", "check").code == 0


@pytest.mark.parametrize("body", ["{", "[]", '{"id": 1}', "null"])
def test_a_damaged_decision_is_listed_and_hides_no_other(run, stock, tmp_path, body):  # noqa: F811
    edit(tmp_path / "home", "UPDATE decisions SET body = ? WHERE asset_id = ?", body, stock.held_id)
    done = run("review", "list")
    assert done.code == 0, done.err
    assert stock.held_id in done.out
    assert "damaged" in done.words
    assert run("works", "list").code == 0
    doctor = run("doctor", "--json")
    assert doctor.code == 2
    assert any(stock.held_id in check["text"] for check in doctor.document["checks"])


def test_a_damaged_sealed_file_is_sealed_again(run, stock, tmp_path):  # noqa: F811
    from policies.line import recording, screening, sealing

    with open_site(build_settings(tmp_path / "home")) as site:
        here = site.deployment
        asset_id = intake.intake(here, as_submission(encode(photograph("rocket.jpg", 300))))
        screening.screen(here, asset_id)
        decision = screening.decide(here, asset_id)
        for damage in (b"\xff", b"{}", b"[]", b"null", b'{"sha256": 4}'):
            sealing.seal(here, asset_id)
            here.blobs.quarantine.put(sealing.facts_key(asset_id), damage)
            assert sealing.load_sealed(here, asset_id, decision) is None
        sealing.seal(here, asset_id)
        assert recording.record(here, asset_id) > 0
