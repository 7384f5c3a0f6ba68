"""Making a site, once."""


def test_a_site_is_made_once_and_then_stays(run, tmp_path, monkeypatch):
    home = tmp_path / "new home"
    monkeypatch.setenv("CHOPMARK_HOME", str(home))
    done = run("init")
    assert done.code == 0
    assert f"made a site in {home}" in done.out
    assert "keep a copy of them apart" in done.out
    again = run("init", "--json").document
    assert (again["home"], again["made"]) == (str(home), False)
    assert again["ledger"]["vkey"] in done.out
    assert "there is a site in" in run("init").out


def test_a_site_that_cannot_be_made_says_why(run, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HOME", "/proc/nowhere")
    done = run("init")
    assert done.code == 2
    assert "/proc/nowhere cannot be written" in done.err
