import pytest

from policies.rules.decision import Outcome, Reason
from policies.rules.naming import find_names, name_reasons, put

TEXT = "the picture may show a child in a sexual way"


@pytest.mark.parametrize(("carriers", "name"), [
    ({"picture"}, "the picture"), ({"picture", "track"}, "the clip"), ({"sound"}, "the sound"),
    ({"text"}, "the text"), ({"text", "picture"}, "the document"),
])  # fmt: skip
def test_what_is_said_of_another_kind_is_known_again(carriers, name):
    said = {Reason("one", "rule", Outcome.HOLD, "1", TEXT)}
    (named,) = name_reasons(said, (), frozenset(carriers))
    assert named.text == TEXT.replace("the picture", name)
    assert put(TEXT, find_names(named.text, TEXT)) == named.text


def test_of_a_text_that_was_asked_for_both_are_named():
    said = "the text or its prompt asks for a crime"
    names = find_names(said, "the prompt asks for a crime")
    assert put("the prompt asks for a crime", names) == said


def test_what_says_something_else_has_no_names():
    assert find_names("the clip shows a child", TEXT) is None
    assert find_names(TEXT, TEXT) == {}
    assert find_names("its author's words", "its author's words") == {}


def test_who_has_to_answer_is_required_of_every_kind():
    required = {Reason("one", "requires.prompt", Outcome.HOLD, "1", "the prompt must be screened where there is one")}
    assert name_reasons(required, (), frozenset({"text"})) == required
