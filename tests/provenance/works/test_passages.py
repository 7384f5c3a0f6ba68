"""Texts in the registry: the same words are found whole, a passage of them as a passage, and others not."""

import pytest

from provenance.errors import WorksError
from provenance.fingerprints.base import Unhashable
from provenance.fingerprints.shingles import ALG, compute_passages
from provenance.works.passages import TOO_SHORT, spell_passage
from provenance.works.registry import Action, Registration
from tests.letters import sentences

PARAGRAPHS = [" ".join(sentences(5, seed)) for seed in range(4)]
POEM = "\n\n".join(PARAGRAPHS)


@pytest.fixture
def work(works):
    (made,) = works.register_many([Registration(None, "A poem", "Poet", passages=compute_passages(POEM))])
    return made


def test_the_words_are_found_in_any_form(works, work):
    for text in (POEM, POEM.upper().replace("\n\n", "\n"), POEM.replace("harbour", "hospital", 1)):
        (match,) = works.match_text(compute_passages(text)).matches
        assert (match.work_id, match.action, match.alg, match.variant) == (work.id, Action.BLOCK, ALG, "plain")


def test_a_passage_in_another_text_is_found_as_that(works, work):
    other = "\n\n".join(["Something of my own, which nobody has ever written down before.", PARAGRAPHS[2], "The end."])
    report = works.match_text(compute_passages(other))
    assert [(match.work_id, match.variant) for match in report.matches] == [(work.id, spell_passage(3))]
    assert report.searched_algs == (ALG,)


def test_another_text_or_a_withdrawn_one_is_no_match(works, work):
    assert works.match_text(compute_passages("\n".join(f"{n} other words of {n * n}" for n in range(40)))).matches == ()
    works.withdraw(work.id, "a mistake")
    assert works.match_text(compute_passages(POEM)).matches == ()


def test_few_words_are_unhashable_and_never_no_match(works, work):
    assert works.match_text(compute_passages("two words")).unhashable == (TOO_SHORT,)
    (made,) = works.register_many([Registration(None, "t", "o", passages=compute_passages("two words"))])
    assert isinstance(made, Unhashable)


def test_the_same_text_is_the_same_work_and_waits_for_no_codes(works, work):
    again = Registration(None, "A poem", "Poet", passages=compute_passages(POEM))
    assert next(iter(works.register_many([again]))) == work
    assert works.find_same(None, (), compute_passages(POEM.upper())) == (work,)
    assert works.count_uncoded().lost == 0
    assert works.reference(work.id) is None


def test_what_is_neither_picture_nor_text_is_refused(works):
    with pytest.raises(WorksError, match="a picture, a clip or a text"):
        list(works.register_many([Registration(None, "t", "o")]))
