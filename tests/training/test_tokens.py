import torch

from training.tokens import CONTEXT, END, SMALL_VOCABULARY, START, Phrases, TokenTable, load_tokenizers, to_small

TEXTS = ("", "a", "cat left of a", "hydrangea lantern: x", "红色的房子")


def test_joined_phrases_are_tokens_of_the_whole():
    table = TokenTable(TEXTS, torch.device("cpu"))
    whole, small = load_tokenizers()
    segments = torch.tensor([[1, 2, 3], [0, 3, 1], [0, 0, 4]])
    said = ["a cat left of a hydrangea lantern: x", "hydrangea lantern: x a", "红色的房子"]
    joined = table.join(segments, torch.zeros(3, dtype=torch.bool))
    assert torch.equal(joined, whole(said, CONTEXT))
    other = table.join(segments, torch.ones(3, dtype=torch.bool))
    assert torch.equal(to_small(other), small(said, CONTEXT))
    assert to_small(other).max() == SMALL_VOCABULARY - 1


def test_what_is_too_long_loses_its_end():
    table = TokenTable(TEXTS, torch.device("cpu"))
    joined = table.join(torch.full((1, 9), 3), torch.zeros(1, dtype=torch.bool), 10)
    assert joined.shape == (1, 10)
    assert (joined[0, 0], joined[0, -1]) == (START, END)


def test_tokens_are_kept(tmp_path):
    first = TokenTable(TEXTS, torch.device("cpu"), tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    again = TokenTable(TEXTS, torch.device("cpu"), tmp_path)
    rows, is_small = torch.arange(5)[:, None], torch.zeros(5, dtype=torch.bool)
    assert torch.equal(first.join(rows, is_small), again.join(rows, is_small))


def test_phrases_are_numbered_once():
    phrases = Phrases()
    assert phrases.add_all(["cat", "dog", "cat"]) == [1, 2, 1]
    assert list(phrases.texts) == ["", "cat", "dog"]
