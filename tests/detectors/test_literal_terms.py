"""Terms that match as they are written: in languages that English folding would garble, or that run words together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.literal_terms import LANGUAGES, LiteralTerms, spell_literal
from detectors.term_bank import Grade, Term, load_term_bank

LISTED = {
    "vi": ["máu", "khỏa thân"], "hi": ["नग्न महिला", "खून", "पड़"], "th": ["ปืน", "ยาเสพติด"], "ja": ["銃", "裸の女"],
    "ar": ["قنبلة", "سلاح"], "ko": ["권총*", "피"], "tr": ["silah*", "çıplak kadın*"], "pl": ["zwłoki"], "id": ["sabu-sabu"],
    "ur": ["ننگی عورت"], "fr": ["fusil d'assaut", "éventré"], "es": ["cocaína*"], "de": ["blut"], "ru": ["пулемет*"],
}  # fmt: skip


@pytest.fixture(scope="module")
def terms():
    return LiteralTerms(
        Term(text, "x", language, text, Grade.HOLD, spell_literal(text, language))
        for language, texts in LISTED.items()
        for text in texts
    )


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("vũng MÁU đỏ", ["máu"]), ("màu đỏ", []), ("người khỏa thân", ["khỏa thân"]), ("khỏa, thân", []),
        ("एक नग्न महिला, रात", ["नग्न महिला"]), ("खूनी", []), ("पड\u093c", ["पड़"]), ("खान", []),
        ("คนถือปืนยืนอยู่", ["ปืน"]), ("ขายยาเสพติด", ["ยาเสพติด"]), ("ปืนึ", []),
        ("男が銃を構える", ["銃"]), ("裸の女性", ["裸の女"]), ("水鉄砲", []),
        ("رجل بالسلاح", ["سلاح"]), ("والقنبلة", ["قنبلة"]), ("سِلاح", ["سلاح"]), ("سلاحف", []),
        ("권총을 든 남자", ["권총*"]), ("피", ["피"]), ("피아노", []),
        ("SİLAHLI adam", ["silah*"]), ("çıplak kadınlar", ["çıplak kadın*"]), ("çıplak ağaç", []),
        ("zwłoki", ["zwłoki"]), ("zwloki", []), ("sabu-sabu", ["sabu-sabu"]), ("sabu. sabu", []), ("ننگی عورت", ["ننگی عورت"]),
        ("un fusil d'assaut", ["fusil d'assaut"]), ("un fusil d\u2019assaut", ["fusil d'assaut"]), ("fusil, d assaut", []),
        ("EVENTRE", ["éventré"]), ("éventre", ["éventré"]), ("cocaina", ["cocaína*"]), ("cocaïna", ["cocaína*"]),
        ("Blut", ["blut"]), ("blüt", []), ("c0ca1na", ["cocaína*"]), ("пулемётчик", ["пулемет*"]),
    ],
)  # fmt: skip
def test_a_term_is_found_as_it_is_written_and_nowhere_else(terms, prompt, found):
    literals = terms.find(prompt)
    assert [one.term.text for one in literals] == found
    assert all(0 <= one.start < one.end <= len(prompt) for one in literals)


@pytest.mark.parametrize("sign", ["\u200b", "\u200f", "\u2067", "\u00ad", "\ufe0f", "\u3164", "\ufeff"])
@pytest.mark.parametrize("word", ["قنبلة", "नग्न महिला", "ปืน", "裸の女", "권총", "zwłoki"])
def test_a_sign_that_nobody_sees_hides_no_term(terms, word, sign):
    hidden = f"{sign}x {word[0]}{sign}{word[1:]}{sign} y"
    (literal,) = terms.find(hidden)
    assert hidden[literal.start : literal.end].replace(sign, "") == word


@pytest.mark.parametrize(
    ("prompt", "is_unwanted"),
    [
        ("ภาพที่ไม่มีปืน", True), ("銃がない町", True), ("silah yok", True), ("रात, खून नहीं", True), ("بدون سلاح", True), ("bez zwłoki", True),
        ("ohne Blut", True), ("sin cocaína", True), ("без пулемётов", True), ("mit Blut", False),
        ("ภาพปืน", False), ("銃を持つ", False), ("silah var", False), ("खून", False), ("سلاح", False),
    ],
)  # fmt: skip
def test_what_the_prompt_says_no_to_is_told(terms, prompt, is_unwanted):
    (literal,) = terms.find(prompt)
    assert literal.is_unwanted is is_unwanted


@pytest.mark.parametrize(
    "prompt",
    [
        "नग्न महिला", "बंदूक", "ننگی عورت", "নগ্ন নারী", "ผู้หญิงเปลือย", "ยาเสพติด", "امرأة عارية", "مخدرات", "phụ nữ khỏa thân", "ma túy",
        "wanita telanjang", "narkoba", "벌거벗은 여자", "마약", "çıplak kadın", "uyuşturucu", "naga kobieta", "karabin", "裸の女",
        "Sturmgewehr", "nackte Frau", "chica desnuda", "fumando un porro", "bombe artisanale", "femme nue", "donna nuda",
        "con il mitra", "mulher nua", "fuzil", "naakte vrouw", "drugsdealer", "укол героина", "голую девушку", "з автоматом",
    ],
)  # fmt: skip
def test_the_plainest_words_of_the_languages_are_in_the_banks(prompt):
    assert any(one.grade is Grade.HOLD for one in load_once().match(prompt))


@pytest.mark.parametrize(
    "prompt",
    [
        "पिचकारी",
        "ปืนฉีดน้ำ",
        "مسدس ماء",
        "súng nước",
        "pistol air",
        "물총",
        "su tabancası",
        "마약김밥",
        "pistola de agua",
        "bombe glacée",
        "pies desnudos",
        "донор крови",
        "водяным пистолетом",
        "heroína de la novela",
        "uma pelada na praia",
    ],
)
def test_harmless_phrases_take_words_back(prompt):
    assert not [one for one in load_once().match(prompt) if one.grade is not Grade.NOTE]


@pytest.mark.parametrize(
    ("prompt", "beside"),
    [
        ("नशा मुक्ति अभियान", "हेरोइन"), ("नकली बंदूक", "बंदूक"), ("মাদকবিরোধী", "ইয়াবা"),
        ("ต่อต้านยาเสพติด", "ยาบ้า"), ("مكافحة المخدرات", "كوكايين"), ("phòng chống ma túy", "cần sa"),
        ("pencegahan narkoba", "sabu-sabu"), ("마약 예방 교육", "코카인"), ("薬物乱用防止、麻薬防止", "覚醒剤"),
        ("uyuşturucuyla mücadele", "kokain"), ("przeciw narkotykom", "heroina"), ("자살 예방 상담", "자살"),
        ("intihar önleme hattı", "intihar"), ("súng đồ chơi", "súng lục"), ("おもちゃの銃", "拳銃"),
    ],
)  # fmt: skip
def test_prevention_and_toys_are_no_drugs_or_weapons_and_hide_none_beside_them(prompt, beside):
    assert not [one for one in load_once().match(prompt) if one.grade is not Grade.NOTE]
    assert [one for one in load_once().match(f"{prompt}, {beside}") if one.grade is not Grade.NOTE]


@pytest.mark.parametrize("word", ["पिस्तौल", "गांजा", "مسدس", "senapan", "권총*", "ma túy", "拳銃", "تفنگ", "karabin*"])
def test_a_phrase_that_is_allowed_makes_its_words_elsewhere_no_doubtful_ones(word):
    bank = load_once()
    (term,) = (one for one in bank.terms.values() if one.text == word and one.grade is Grade.HOLD)
    assert term.id not in bank.doubtful


def test_every_term_of_the_banks_is_found_in_itself():
    listed = [term for term in load_once().terms.values() if term.language in LANGUAGES]
    terms = LiteralTerms(listed)
    assert len(listed) > 700
    assert not [
        term.text for term in listed if term.id not in {one.term.id for one in terms.find(term.text.rstrip("*"))}
    ]


@given(st.text(alphabet="नग्महिलाปืนยาเ銃の女 سلاحáàumçı,.-*\u0301\u093c", max_size=60))
def test_whatever_is_asked_places_lie_within_it(text):
    terms = LiteralTerms([Term(one, "x", "th", one, Grade.HOLD, (one,)) for one in ("ปืน", "ยา")])
    assert all(text[one.start : one.end] == one.term.text for one in terms.find(text))


def load_once(cache=[]):  # noqa: B006 - one bank for all of them
    if not cache:
        cache.append(load_term_bank())
    return cache[0]
