import torch

from tests.training.records import records
from training.captions import RELATIONS, build_captions
from training.tokens import Phrases

CPU = torch.device("cpu")


def test_each_picture_is_called_by_its_own_words():
    phrases = Phrases()
    captions = build_captions(records(), phrases, CPU)
    torch.manual_seed(0)
    pictures = torch.randint(len(records()), (200,))
    texts = phrases.texts
    for picture, number in zip(pictures.tolist(), captions.choose(pictures, (0.5, 0.3, 0.2)).tolist(), strict=True):
        record = records()[picture]
        assert texts[number] in record["names"] + record["keywords"] + record["chinese"]


def test_chinese_is_told_apart():
    captions = build_captions(records(), Phrases(), CPU)
    pictures = torch.arange(len(records()))
    assert captions.is_chinese(pictures, captions.choose(pictures, (0.0, 0.0, 1.0))).all()
    assert not captions.is_chinese(pictures, captions.choose(pictures, (1.0, 0.0, 0.0))).any()


def test_beginnings_fit_the_style():
    phrases = Phrases()
    captions = build_captions(records(), phrases, CPU)
    silhouette = [row for row, record in enumerate(records()) if record["family"] == "game-icons"]
    said = {phrases.texts[number] for number in captions.prefix(torch.tensor(silhouette * 40)).tolist()}
    assert "a silhouette of a" in said
    assert "a photo of a" not in said


def test_relations_are_said_in_several_ways():
    phrases = Phrases()
    captions = build_captions(records(), phrases, CPU)
    said = {phrases.texts[number] for number in captions.relation(torch.zeros(60, dtype=torch.long)).tolist()}
    assert said == set(RELATIONS[0])
