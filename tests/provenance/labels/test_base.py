"""A third party's labels are read each for itself, and a damaged one hides no other."""

from provenance.asset import MediaType
from provenance.errors import LabelError
from provenance.labels.base import LABELS, read_every


class Says:
    def __init__(self, name, answer):
        self.name, self.answer = name, answer

    def read(self, file, media_type):
        if isinstance(self.answer, LabelError):
            raise self.answer
        return self.answer


def test_each_is_read_for_itself():
    schemes = (Says("a", "made by a machine"), Says("b", ""), Says("c", LabelError("torn")), Says("d", "x" * 999))
    said, problems = read_every(schemes, b"", MediaType.PNG)
    assert said == {"a": "made by a machine", "d": "x" * 200}
    assert problems == ["c: torn"]


def test_no_name_is_taken_by_a_builtin():
    assert LABELS.builtins == {}
