import torch

from tests.training.records import pixels, records
from training.captions import build_captions
from training.clip import Lexicon, Pictures, Run, export, make_batch, number_concepts
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
    run = Run(6, words, CPU, 1e-3)
    batch = make_batch(held, 12, 128)
    first = run.step(batch, words, 1.0)
    for _ in range(3):
        last = run.step(batch, words, 1.0)
    assert last["concept"] < first["concept"]
    run.save(tmp_path / "clip.pt", 5.0)
    again = Run(6, words, CPU, 1e-3)
    again.load(tmp_path / "clip.pt")
    assert (again.steps, again.seconds) == (4, 5.0)
    assert torch.equal(again.prototypes, run.prototypes)
    assert torch.equal(again.average.state["ln_final.weight"], run.average.state["ln_final.weight"])
    export(again.average.state, tmp_path)
    assert 20_000_000 < (tmp_path / "chop-clip.safetensors").stat().st_size < 30_000_000
