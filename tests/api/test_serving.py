"""Workers beside the server: started, started again with longer waits, and stopped with it."""

import sys
import time

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.serving import Children, build_worker_command, name_origin, opened
from api.settings import Http, load_settings
from provenance.errors import MissingKeyError
from tests.sites import build_light_settings


def children(program, told, **options):
    return Children((sys.executable, "-c", program), tell=told.append, **{"count": 1, "grace_s": 0, **options})


def test_one_that_dies_is_started_again_after_a_while(tmp_path):
    told, notes = [], tmp_path / "notes"
    running = children(f"open({str(notes)!r}, 'a').write('x'); raise SystemExit(3)", told)
    running.start()
    for _ in range(600):
        if notes.exists() and len(notes.read_text()) == 2:
            break
        time.sleep(0.05)
    running.stop()
    assert notes.read_text() == "xx"
    assert told[0] == "a worker ended with 3; another starts in 1 s"


def test_one_that_does_not_stop_is_killed(monkeypatch, tmp_path):
    monkeypatch.setattr("api.serving._STOP_S", 0.2)
    ready = tmp_path / "ready"
    deaf = f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open({str(ready)!r}, 'w'); time.sleep(600)"
    running = children(deaf, [], count=2)
    running.start()
    while not ready.exists():
        time.sleep(0.02)
    running.stop()
    assert all(child.returncode is not None for child in running._running.values())


def test_a_worker_ends_with_the_server():
    assert build_worker_command()[-2:] == ("worker", "--with-parent")


def test_what_is_missing_is_told_before_anybody_is_served(tmp_path):
    settings = build_light_settings(tmp_path / "home")
    with opened(settings):
        assert {"access.key", "secrets.key", "link-keys.txt"} <= {one.name for one in settings.keys_dir.iterdir()}
    (settings.keys_dir / "access.key").unlink()
    with pytest.raises(MissingKeyError, match=r"access\.key is missing"), opened(settings):
        pass


@pytest.mark.parametrize(
    ("host", "named"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")],
)
def test_pages_know_where_they_are_unless_the_settings_say(tmp_path, monkeypatch, host, named):
    monkeypatch.setenv("CHOPMARK_HTTP__ORIGIN", "x")  # to be put back
    monkeypatch.delenv("CHOPMARK_HTTP__ORIGIN")
    assert name_origin(load_settings(home=tmp_path, http=Http(origin="https://gate.example")), host, 80).endswith(
        "example"
    )
    assert name_origin(load_settings(home=tmp_path), host, 8700) == f"http://{named}:8700"
    assert load_settings(home=tmp_path).http.origin == f"http://{named}:8700"


def test_a_start_does_not_walk_what_was_interrupted(tmp_path, monkeypatch):
    monkeypatch.setattr("api.wiring.finish_interrupted", lambda _: pytest.fail("the upkeep does so"))
    with opened(build_light_settings(tmp_path / "home")) as (site, token):
        assert token
        assert site.deployment.line._client is not None  # nobody who hands in waits for it
        app = create_app(site)
        with TestClient(app) as client:
            assert client.get("/readyz").status_code == 200
            assert app.state.service.site is site
        with site.deployment.database.read() as connection:  # closed by whoever opened it
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
