"""A third party's labels are read each for itself, and a damaged one hides no other."""

import pytest

from provenance.asset import MediaType
from provenance.errors import BrokenPluginError, LabelError
from provenance.labels.base import LABELS, LabelFacts, read_every, write_every


class Says:
    def __init__(self, name, answer):
        self.name, self.answer = name, answer

    def read(self, file, media_type):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def write(self, file, media_type, facts):
        return self.read(file, media_type)


def test_each_is_read_for_itself():
    schemes = (Says("a", "made by a machine"), Says("b", ""), Says("c", LabelError("torn")), Says("d", "x" * 999))
    said, problems = read_every(schemes, b"", MediaType.PNG)
    assert said == {"a": "made by a machine", "d": "x" * 200}
    assert problems == ["c: torn"]


def test_no_name_is_taken_by_a_builtin():
    assert LABELS.builtins == {}


@pytest.mark.parametrize("answer", [KeyError("a prompt"), SystemExit(0), 7, None])
def test_one_that_fails_is_told_by_name_and_place_and_hides_no_other(answer):
    said, (problem,) = read_every((Says("acme", answer), Says("b", "made")), b"", MediaType.PNG)
    assert said == {"b": "made"}
    assert "'acme' is broken" in problem
    assert "a prompt" not in problem


@pytest.mark.parametrize("answer", [KeyError("a prompt"), SystemExit(0), "text", None])
def test_one_that_cannot_write_is_told_by_name(answer):
    facts = LabelFacts("id", "Acme", "", "trainedAlgorithmicMedia")
    assert write_every((Says("a", b"marked"),), b"", MediaType.PNG, facts) == b"marked"
    with pytest.raises(BrokenPluginError, match="'acme' is broken"):
        write_every((Says("acme", answer),), b"", MediaType.PNG, facts)
