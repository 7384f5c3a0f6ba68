import pytest


def test_a_fit_installation_exits_0_and_names_licences(run, stock):
    done = run("doctor")
    assert done.code == 0, done
    assert "fit to release" in done.out
    assert "all 5 entries make the tree" in done.words
    document = run("doctor", "--json").document
    assert document["ok"] is True
    licences = {item["name"]: item["licence"] for item in document["packages"]}
    assert "invisible-watermark" not in licences, "only riva_gan uses its models"
    assert licences["imagehash"] == "BSD-2-Clause"
    opencv = [licence for name, licence in licences.items() if name.startswith("opencv-python")]
    assert opencv
    assert all("LGPL" in licence for licence in opencv)
    assert "nudenet" not in licences
    assert all(item["licence"] != "not stated" for item in document["packages"])


@pytest.mark.parametrize(("name", "value", "said"), [
    ("DETECTORS", "prompt,clipp", "no detectors plugin is named 'clipp'"),
    ("PACKS", "nonesuch", "packs: expected names out of"),
    ("WATERMARK", "nonesuch", "no watermarks plugin"),
])  # fmt: skip
def test_wrong_settings_are_findings(run, home, monkeypatch, name, value, said):
    monkeypatch.setenv(f"CHOPMARK_{name}", value)
    done = run("doctor")
    assert done.code == 2
    assert said in done.words
    assert "not fit to release" in done.out


def test_keys_that_others_can_read_are_a_finding(run, home):
    (home / "keys" / "ledger.key").chmod(0o644)
    done = run("doctor", "--json")
    assert done.code == 2
    (finding,) = [check for check in done.document["checks"] if check["what"] == "keys"]
    assert finding["level"] == "wrong"
    assert "ledger.key" in finding["text"]
