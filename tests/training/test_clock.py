import csv

import torch

from training.clock import Average, Clock, Curve, load_checkpoint, save_checkpoint, wait_for


def test_a_clock_runs_out():
    assert Clock(1e-9).progress == 1
    clock = Clock(1e6)
    assert clock.progress < 0.01
    assert 0.02 <= clock.scale() < 0.1


def test_curves_grow(tmp_path):
    for value in (1, 2):
        Curve(tmp_path / "deep" / "loss.csv").append(step=value, loss=value / 2)
    rows = list(csv.DictReader((tmp_path / "deep" / "loss.csv").read_text().splitlines()))
    assert [row["loss"] for row in rows] == ["0.5", "1"]


def test_an_average_follows_slowly():
    layer = torch.nn.Linear(2, 2)
    average = Average(layer, 0.999)
    start = average.state["weight"].clone()
    with torch.no_grad():
        layer.weight += 1
    for _ in range(5):
        average.update()
    moved = average.state["weight"] - start
    assert (moved > 0).all()
    assert (moved < 1).all()


def test_checkpoints_come_back(tmp_path):
    path = tmp_path / "run" / "x.pt"
    assert load_checkpoint(path) == {}
    save_checkpoint(path, steps=3, model={"w": torch.ones(2)})
    assert load_checkpoint(path)["steps"] == 3
    wait_for(path)
    wait_for(None)
