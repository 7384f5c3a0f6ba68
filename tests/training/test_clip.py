import torch
from safetensors.torch import load_file

from tests.training.records import pixels, records
from training.batches import Pictures, make_batch, number_concepts
from training.captions import build_captions
from training.clip import Lexicon, Pupil, begin, export, towers_of
from training.clock import Clock
from training.tokens import Phrases, TokenTable

CPU = torch.device("cpu")
WORDS = ("red", "green", "blue", "square", "bar")


def pictures():
    listed = records()
    return Pictures(
        pixels=torch.from_numpy(pixels(32)),
        weights=torch.ones(len(listed)),
        is_tinted=torch.tensor([record["family"] == "game-icons" for record in listed]),
        concepts=torch.tensor(number_concepts(listed)),
        captions=build_captions(listed, Phrases(), CPU),
    )


def lexicon():
    table = TokenTable(WORDS, CPU)
    vectors = torch.nn.functional.normalize(torch.randn(len(WORDS), 100), dim=1)
    return Lexicon(table, list(WORDS), vectors, table, table, torch.tensor([[0, 1], [3, 4]]))


def test_a_batch_knows_what_is_right():
    torch.manual_seed(0)
    batch = make_batch(pictures(), 32, 128)
    assert batch.canvas.shape == (32, 3, 128, 128)
    assert batch.targets.diagonal().all()
    assert not (batch.targets & batch.is_neutral).any()
    assert (batch.concepts[-8:] == -1).all()
    assert len(batch.swapped) == len(batch.ordered) > 0
    assert (batch.swapped != batch.texts[batch.ordered]).any(1).all()


def test_concepts_are_what_two_pictures_show():
    listed = [*records(), {"key": "alone"}]
    assert number_concepts(listed)[-1] == -1
    assert len(set(number_concepts(listed))) == 7


def test_training_lowers_the_loss_and_resumes(tmp_path, monkeypatch):
    monkeypatch.setattr("training.clip._WORDS", 8)
    monkeypatch.setattr("training.clip._PAIRS", 4)
    torch.manual_seed(0)
    held, words = pictures(), lexicon()
    pupil, clock = Pupil(6, words, CPU), Clock(1e-6)  # a clock that has run out learns at a fiftieth of the rate
    run = begin(tmp_path / "clip.pt", pupil, 0.05)
    batch = make_batch(held, 12, 128)
    first = pupil.losses(batch, words)
    for _ in range(4):
        run.learn(pupil.losses(batch, words)["all"], clock)
    assert pupil.losses(batch, words)["concept"] < first["concept"]
    run.save(clock)
    other = Pupil(6, words, CPU)
    again = begin(tmp_path / "clip.pt", other, 0.05)
    assert again.steps == 4
    assert torch.equal(other.prototypes, pupil.prototypes)
    assert again.average.keys() == run.average.keys()
    assert all(torch.equal(value, run.average[name]) for name, value in again.average.items())
    export(towers_of(again.average), tmp_path)
    assert "logit_scale" in load_file(tmp_path / "chop-clip.safetensors")
    assert 20_000_000 < (tmp_path / "chop-clip.safetensors").stat().st_size < 30_000_000
