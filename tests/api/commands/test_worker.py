"""`chopmark worker` says what is wrong with its settings before it takes anything."""

import pytest

from api.cli import main
from api.working import GIVES_WAY


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CHOPMARK_LINE__SLOTS", "0", "line.slots"),
        ("CHOPMARK_LINE__SLOT", "1", "line.slot: extra inputs"),
        ("CHOPMARK_DATABASE_URL", "mysql://x/y", "sqlite or postgresql"),
        ("CHOPMARK_SIGNING__PRIVATE_KEY", "/no/key.pem", "signing.certificate_chain"),
    ],
)
def test_wrong_settings_end_in_one_line(tmp_path, monkeypatch, capsys, name, value, told):
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path))
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        main(["worker"])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


@pytest.mark.parametrize(("more", "nicer"), [([], []), (["--with-parent"], [GIVES_WAY])])
def test_beside_a_server_it_gives_way(tmp_path, monkeypatch, more, nicer):
    told = []
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path))
    monkeypatch.setattr("os.nice", told.append)
    monkeypatch.setattr("api.working.run_worker", lambda *_, **__: 0)
    with pytest.raises(SystemExit) as ended:
        main(["worker", *more])
    assert (ended.value.code, told) == (0, nicer)
