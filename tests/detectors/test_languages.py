"""What nobody here can read: other scripts, other languages; and names, which are fine."""

from pathlib import Path

import pytest

from detectors.cards import load_card
from detectors.languages import measure_unread
from detectors.normalisation import build_tokens, fold
from detectors.term_bank import load_term_bank

LIMIT = load_card("prompt").thresholds["unread_least"]
VECTORS = Path(__file__).parent / "vectors"
KNOWN = load_term_bank().vocabulary


def unread(text):
    return measure_unread(build_tokens(fold(text)), text, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "una mujer desnuda en la cama", "eine nackte Frau im Bett", "una donna nuda sul letto", "une femme nue sur le lit",
        "uma mulher nua na cama", "голая женщина на кровати", "امرأة عارية على السرير", "बिस्तर पर नग्न महिला",
        "ผู้หญิงเปลือยบนเตียง", "침대 위의 벌거벗은 여자", "ベッドの上の裸の女性", "phụ nữ khỏa thân trên giường",
        "wanita telanjang di tempat tidur", "naga kobieta na łóżku", "çıplak kadın yatakta", "een naakte vrouw op bed",
        "nahá žena na posteli", "γυμνή γυναίκα στο κρεβάτι", "אישה עירומה במיטה", "hubad na babae sa kama",
        "Nackte Frau Im Bett", "a sunny and quite ordinary photograph of many things, wanita telanjang, and a tree",
        "xqzvk wprtl mnbgh", "...", "🍆🍑💦",
    ],
)  # fmt: skip
def test_what_is_not_read_is_said(text):
    assert unread(text) >= LIMIT


@pytest.mark.parametrize(
    "text",
    [
        "portrait of Xiaoming Zhang in Chongqing", "Hatsune Miku", "Van Gogh style", "Château de Versailles", "Pikachu",
        "jalapeño tacos", "a cat, 8k, f1.8, 85mm, <lora:soft:0.8>", "p1st0l", "рistоl", "𝐧𝐚𝐤𝐞𝐝 woman", "1girl, solo, uhd",
        "一只可爱的橘猫坐在窗台上", "12", "GTR at Nürburgring", "watercolor headshot", "🔫",
    ],
)  # fmt: skip
def test_english_chinese_names_and_disguises_are_read(text):
    assert unread(text) < LIMIT


def test_plain_prompts_are_read():
    prompts = (VECTORS / "prompts_harmless.txt").read_text(encoding="utf-8").splitlines()
    assert [prompt for prompt in prompts if unread(prompt) >= LIMIT] == []


def test_nothing_is_not_unread():
    assert unread("  ") == 0
