import pytest

from bench.watermark import hardening
from bench.watermark.pictures import load_set
from bench.watermark.results import Journal
from bench.watermark.schemes import load
from bench.watermark.tables import hardening as table
from tests.bench.watermark.pictures import write_sets


@pytest.fixture
def work(tmp_path):
    root = write_sets(tmp_path / "pictures", ("astronaut.png", "coffee.png", "chelsea.png"))
    return hardening.Work(training=load_set(root, "tuning/500"), victims=load_set(root, "heldout/500", 2))


def test_attempts_are_made_once_and_what_cannot_run_is_said(work, tmp_path, capsys):
    attempts = ["average", "fold", "notch", "subtract", "learn", "copy", "diffusion", "jpeg-ai"]
    for _ in range(2):
        hardening.run(load("dwt_dct_svd"), work, attempts, tmp_path)
    rows = list(Journal(tmp_path, "hardening").rows())
    assert len(rows) == len({tuple(row.get(name) for name in hardening.FIELDS) for row in rows})
    assert {row["attempt"] for row in rows} == set(attempts)
    assert not any(row.get("wrong") for row in rows)
    lines = {line[1]: line for line in table(tmp_path)[1:]}
    assert lines["jpeg-ai"][-1].startswith("not run")
    assert lines["diffusion"][3] == "-"
    assert "100.0 %" in next(line for line in table(tmp_path) if line[1] == "average")[3], "this mark does not repeat"
    assert "read 2 of 2" in capsys.readouterr().out


def test_victims_are_not_what_the_attacker_collects(work, tmp_path):
    scene = hardening.Scene(load("dwt_dct_svd"), work, tmp_path)
    assert len(scene.collected()) == 1


def test_an_unheard_attempt_is_refused(work, tmp_path):
    with pytest.raises(SystemExit, match="got 'magic'"):
        hardening.run(load("dwt_dct_svd"), work, ["magic"], tmp_path)
