"""Term banks: what matches, what the allow phrases take back, and what a bank file may look like."""

import hashlib
from pathlib import Path

import pytest

from detectors.term_bank import TERMS_DIR, Grade, TermBank, load_term_bank
from provenance.errors import ConfigurationError

VECTORS = Path(__file__).parent / "vectors"
CATEGORIES = {
    "sexual", "nudity", "violence", "gore", "weapons", "drugs", "tobacco", "alcohol", "gambling", "hate", "self_harm",
    "minors", "real_person", "documents", "political", "illegal",
}  # fmt: skip
NOTED = {"characters", "logos"}  # evidence: nobody is refused for a brand that a prompt names
INGREDIENTS = {"somebody", "undressing", "taking_off", "clothes"}


@pytest.fixture(scope="module")
def bank():
    return load_term_bank()


def write(folder, text, name="x.yaml"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def grades(bank, prompt):
    found = {}
    for one in bank.match(prompt):
        found[one.category] = max(found.get(one.category, Grade.NOTE), one.grade, key=lambda grade: grade.rank)
    return found


def test_every_category_has_several_dozen_terms_in_each_language(bank):
    assert set(bank.categories) == CATEGORIES | NOTED | INGREDIENTS
    assert bank.ingredients == INGREDIENTS
    for category in NOTED:
        terms = [term for term in bank.terms.values() if term.category == category]
        assert {term.language for term in terms if term.grade is Grade.HOLD} >= {
            "en",
            "zh",
            "ja",
            "ko",
            "ru",
            "ar",
            "hi",
            "th",
        }
        assert {term.grade for term in terms} - {None} == {Grade.HOLD, Grade.NOTE}
        assert len(terms) > 300
    for category in CATEGORIES:
        for language in ("en", "zh"):
            terms = [t for t in bank.terms.values() if (t.category, t.language) == (category, language) and t.grade]
            assert len(terms) >= 36, (category, language)
            assert {t.grade for t in terms} == set(Grade)


def test_every_allow_phrase_takes_something_back(bank):
    for category in CATEGORIES:
        mine = [term for term in bank.terms.values() if term.category == category]
        without = TermBank([term for term in mine if term.grade])
        idle = {term.text for term in mine if not term.grade and not without.match(term.text)}
        # These take back what meaning would find: naked-eye 3D, disinfectants.
        idle -= {"全裸眼", "消毒品"}
        assert not idle


def test_every_term_is_found_in_its_own_plain_form(bank):
    for term in bank.terms.values():
        if term.grade:
            alone = TermBank([term])
            assert [one.id for one in alone.match(f"a {term.text} b")] == [term.id], term.text


@pytest.mark.parametrize("prompt", (VECTORS / "prompts_harmless.txt").read_text("utf-8").splitlines())
def test_harmless_prompts_match_nothing_that_holds(bank, prompt):
    assert {category: grade for category, grade in grades(bank, prompt).items() if grade is not Grade.NOTE} == {}


@pytest.mark.parametrize("line", (VECTORS / "prompts_harmful.txt").read_text("utf-8").splitlines())
def test_harmful_prompts_reach_their_grade(bank, line):
    category, grade, prompt = line.split("\t")
    assert grades(bank, prompt).get(category) == grade


@pytest.mark.parametrize(
    ("prompt", "count"),
    [
        ("a pistol", 1), ("a water pistol", 0), ("a water pistol and a pistol", 1), ("hot glue guns", 0), ("water, pistol", 1),
        ("the drug store", 0), ("blood orange and blood", 1), ("nude lipstick on a nude woman", 1), ("w4ter p1stol", 0),
        ("室内射灯", 0), ("水枪和手枪", 1),
    ],
)  # fmt: skip
def test_allow_phrases_cover_only_their_own_words(bank, prompt, count):
    assert len([one for one in bank.match(prompt) if one.grade is not Grade.NOTE]) == count


def test_combinations_raise_what_is_harmless_apart(bank):
    assert grades(bank, "a child in a garden") == {"minors": Grade.NOTE}
    assert grades(bank, "a nude figure study")["nudity"] is Grade.HOLD
    both = grades(bank, "a child, nude")
    assert both["minors"] is Grade.BLOCK
    found = [one for one in bank.match("a child, nude") if one.id.startswith("combination/")]
    assert [(one.id, one.start, one.end) for one in found] == [("combination/minors-nudity", 0, 13)]


def test_combinations_are_made_within_a_passage(bank):
    far = "a child" + " and a tree" * 200 + ", nude"
    near = "a tree and " * 200 + "a child, nude"
    assert not [one for one in bank.match(far) if one.id.startswith("combination/")]
    (found,) = [one for one in bank.match(near) if one.id.startswith("combination/")]
    assert near[found.start : found.end] == "child, nude"


def test_a_combination_may_ask_for_words_close_by(bank):
    def combined(prompt):
        return {one.id.partition("/")[2] for one in bank.match(prompt) if one.id.startswith("combination/")}

    assert combined("my colleague, nude") == {"somebody-nudity"}
    assert not combined("my colleague" + " in the old town hall" * 3 + ", nude")
    assert combined("my colleague takes off her dress") == {"somebody-out-of-clothes", "out-of-clothes-somebody"}
    assert not combined("she takes off her dress")


@pytest.mark.parametrize("within", ["0", "3000", "near"])
def test_words_close_by_are_counted_in_characters(tmp_path, within):
    write(tmp_path, "category: x\nen:\n  hold: [word]")
    rule = f"combinations: [{{id: a, category: x, grade: hold, within: {within}, all: {{x: note}}}}]"
    write(tmp_path, rule, "combinations.yaml")
    with pytest.raises(ConfigurationError, match="within"):
        load_term_bank(tmp_path)


@pytest.mark.parametrize(
    "text", ["anal retentives line up their pens", "the anal fin of a carp", "# todo/fixme/xxx markers", "xxx hack"]
)
def test_learned_words_and_marks_in_comments_ask_for_nothing(bank, text):
    assert grades(bank, text).get("sexual") is None


def test_matches_name_term_and_place_but_not_its_text(bank):
    prompt = "a rusty p1st0l, macro"
    (found,) = bank.match(prompt)
    digest = hashlib.sha256(b"pistol").hexdigest()[:8]
    assert found.id == f"weapons/en/{digest}"
    assert prompt[found.start : found.end] == "p1st0l"
    assert bank.terms[found.id].text == "pistol"


def test_plurals_are_found():
    bank = TermBank(load_term_bank().terms.values())
    for word in ("pistols", "grenades", "machetes", "glock switches", "bounties"):
        assert bool(bank.match(word)) == (word != "bounties")


def test_scripts_without_blanks_are_searched_within(tmp_path):
    bank = load_term_bank(write(tmp_path, "category: x\nen: {hold: [pistol]}\nth: {hold: [ปืน]}\nlo: {block: [ປືນ]}"))
    assert [(one.grade, one.start, one.end) for one in bank.match("big ชายถือปืนยาว")] == [(Grade.HOLD, 10, 13)]
    assert [one.grade for one in bank.match("ຜູ້ຊາຍຖືປືນ")] == [Grade.BLOCK]
    assert bank.match("pistolero แมวนอนหลับ") == ()


def test_matching_is_linear_enough_for_hostile_prompts(bank):
    for prompt in (
        "p i s t o l " * 800,
        "手枪" * 2_000,
        "how to make a " * 700,
        "\ufdfa" * 2_000,
        "-" * 20_000,
        "a." * 4_000,
    ):
        bank.match(prompt)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("category: x\nen: {block: [a, a]}", "stands there twice"),
        ("category: x\nen: {block: [pistol], allow: [Pistol]}", "stands there twice"),
        ("category: x\nen: {blocks: [a]}", "lists named block, hold, doubtful, note and allow"),
        ("category: x\nen: {block: [1488]}", "quote it"),
        ("category: x\nen: {block: ['---']}", "not a term"),
        ("en: {block: [a]}", "'category'"),
        ("- a", "'category'"),
        ("a: [", "cannot be read as YAML"),
    ],
)
def test_malformed_banks_are_refused(tmp_path, text, message):
    with pytest.raises(ConfigurationError, match=message):
        load_term_bank(write(tmp_path, text))


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no term files"):
        load_term_bank(tmp_path)


def test_malformed_combinations_are_refused(tmp_path):
    write(tmp_path, "category: x\nen: {block: [a]}")
    write(tmp_path, "combinations: [{id: a, category: x, grade: hard, all: {x: note}}]", "combinations.yaml")
    with pytest.raises(ConfigurationError, match=r"combinations\.yaml"):
        load_term_bank(tmp_path)


def test_combinations_speak_of_known_categories(bank):
    assert TERMS_DIR.is_dir()
    for rule in bank.combinations:
        assert rule.category in CATEGORIES
        assert set(rule.needs) <= CATEGORIES | INGREDIENTS
