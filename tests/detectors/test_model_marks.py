"""Marks in the choice of words: found where a model wrote under the keys that are given, and not found elsewhere."""

import json
from dataclasses import replace

import numpy as np
import pytest

from detectors.base import Status
from detectors.model_marks import CATEGORY, ModelMarksDetector
from provenance.errors import ConfigurationError, DetectorUnavailableError
from provenance.media.view import TEXT, View
from tests.detectors.subjects import photo, subject_of, toolbox_of

torch = pytest.importorskip("torch", reason="needs the extra generate")
pytest.importorskip("transformers", reason="needs the extra generate")

VOCABULARY = 600
SYNTHID = {"keys": [3, 141, 59, 26, 535, 89, 79, 323, 84, 626], "ngram_len": 5}
GREENLIST = {"vocab_size": VOCABULARY, "hashing_key": 99991, "seeding_scheme": "lefthash", "context_width": 1}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    """One word, one token: a text is cut as it was written."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit

    made = Tokenizer(WordLevel({spell(number): number for number in range(VOCABULARY)}, unk_token=spell(0)))
    made.pre_tokenizer = WhitespaceSplit()
    folder = tmp_path_factory.mktemp("tokenizer")
    made.save(str(folder / "tokenizer.json"))
    return folder


def spell(number):
    return f"w{number}"


def build(tmp_path, tokenizer, **options):
    made = ModelMarksDetector(toolbox_of(tmp_path, tokenizer=str(tokenizer), **options))
    made.warm()
    return made


def about(text):
    return replace(subject_of(photo("coffee.png")), view=View(TEXT, text))


def write(processor, count, seed):
    """What a model writes whose every next word is one of a few that it drew, with likelihoods that it drew, too."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(VOCABULARY, (1, 6), generator=generator)
    while tokens.shape[1] < count + 6:
        scores = torch.randn((1, VOCABULARY), generator=generator) * 2
        scores = scores if processor is None else processor(tokens, scores)
        drawn = torch.multinomial(torch.softmax(scores, dim=1), 1, generator=generator)
        tokens = torch.cat((tokens, drawn), dim=1)
    return " ".join(spell(int(number)) for number in tokens[0, 6:])


def synthid():
    from transformers import SynthIDTextWatermarkLogitsProcessor

    return SynthIDTextWatermarkLogitsProcessor(
        ngram_len=SYNTHID["ngram_len"], keys=SYNTHID["keys"], sampling_table_size=2**16, sampling_table_seed=0,
        context_history_size=1024, device=torch.device("cpu"),
    )  # fmt: skip


def greenlist():
    from transformers import WatermarkLogitsProcessor

    return WatermarkLogitsProcessor(
        vocab_size=VOCABULARY, device="cpu", greenlist_ratio=0.25, bias=2.5, hashing_key=GREENLIST["hashing_key"],
        seeding_scheme="lefthash", context_width=1,
    )  # fmt: skip


def test_each_mark_is_found_under_its_keys_and_under_no_others(tmp_path, tokenizer):
    both = build(tmp_path, tokenizer, synthid=SYNTHID, greenlist=GREENLIST)
    others = build(
        tmp_path, tokenizer, synthid={**SYNTHID, "keys": [7, 8, 9, 10]}, greenlist={**GREENLIST, "hashing_key": 3}
    )
    for seed in range(3):
        for processor in (synthid(), greenlist()):
            text = write(processor, 200, seed)
            assert both.detect(about(text)).scores[CATEGORY] >= 0.5
            assert others.detect(about(text)).scores[CATEGORY] < 0.5
        plain = both.detect(about(write(None, 200, seed)))
        assert plain.status is Status.OK
        assert plain.scores[CATEGORY] < 0.5
        assert [record["mark"] for record in plain.evidence] == ["synthid", "greenlist"]


def test_chance_is_what_is_said_of_it(tmp_path, tokenizer):
    """The z of texts without a mark has the spread of a normal variable: so its tail is the chance that is scored."""
    both = build(tmp_path, tokenizer, synthid=SYNTHID, greenlist=GREENLIST)
    rng = np.random.default_rng(5)
    found = {"synthid": [], "greenlist": []}
    for _ in range(40):
        text = " ".join(spell(number) for number in rng.integers(VOCABULARY, size=120))
        for record in both.detect(about(text)).evidence:
            found[record["mark"]].append(record["z"])
    for scheme, zs in found.items():
        assert abs(np.mean(zs)) < 0.7, scheme
        assert 0.6 < np.std(zs) < 1.5, scheme


def test_a_short_text_and_one_word_over_and_over_are_never_said_to_be_marked(tmp_path, tokenizer):
    both = build(tmp_path, tokenizer, synthid=SYNTHID, greenlist=GREENLIST)
    for text in (write(synthid(), 20, 1), "w7 " * 500, "w1", ""):
        assert both.detect(about(text)).scores[CATEGORY] == 0.0


def test_without_keys_or_without_a_text_it_finds_itself_not_applicable(tmp_path, tokenizer):
    without = ModelMarksDetector(toolbox_of(tmp_path))
    without.warm()
    assert without.detect(about("w1 w2")).status is Status.NOT_APPLICABLE
    keyed = build(tmp_path, tokenizer, synthid=SYNTHID)
    assert keyed.detect(subject_of(photo("coffee.png"), prompt="w1 w2 w3")).status is Status.NOT_APPLICABLE


def test_no_key_and_no_word_stands_in_the_answer(tmp_path, tokenizer):
    said = build(tmp_path, tokenizer, synthid=SYNTHID).detect(about(write(synthid(), 100, 2)))
    told = json.dumps([said.evidence, said.reason])
    assert "w1" not in told
    assert "535" not in told


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"synthid": SYNTHID}, "needs tokenizer"),
        ({"tokenizer": "x"}, "needs tokenizer"),
        ({"nonsense": 1}, "no option 'nonsense'"),
    ],
)
def test_options_that_are_not_enough_stop_the_start(tmp_path, options, said):
    with pytest.raises(ConfigurationError, match=said):
        ModelMarksDetector(toolbox_of(tmp_path, **options))


@pytest.mark.parametrize(
    "options",
    [{"synthid": {"keys": []}}, {"synthid": {"keys": ["x"]}}, {"synthid": {**SYNTHID, "more": 1}}, {"greenlist": {}},
     {"greenlist": {**GREENLIST, "seeding_scheme": "none"}}],
)  # fmt: skip
def test_settings_of_no_mark_stop_the_start(tmp_path, tokenizer, options):
    with pytest.raises(ConfigurationError, match="no settings of a mark"):
        build(tmp_path, tokenizer, **options)


def test_a_tokenizer_that_is_none_is_told(tmp_path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(DetectorUnavailableError, match=r"tokenizer\.json"):
        build(tmp_path, tmp_path, synthid=SYNTHID)
