"""Each kind of refusal has a code and, on pages in other languages, words of its own."""

import ast
import inspect

import pytest

from api.desk.language import load_words
from policies import refusals
from policies.review import refusals as reviewing
from provenance.errors import PolicyError
from tests.architecture.checkout import ROOT

KINDS = [
    kind
    for module in (refusals, reviewing)
    for kind in vars(module).values()
    if inspect.isclass(kind) and issubclass(kind, PolicyError) and kind.__module__ == module.__name__
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_each_has_words_in_every_language(kind):
    words = [load_words(language).tell(f"errors.{kind.code.replace('.', '_')}") for language in ("en", "zh")]
    assert all(words)
    assert words[0] != words[1]


def test_no_two_have_one_code():
    assert len({kind.code for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize(
    "folder",
    [
        "policies/review",
        "policies/editing",
        "policies/webhooks",
        "policies/rules",
        "policies/audit",
        "api/desk",
        "api/commands",
    ],
)
def test_what_people_are_told_at_the_desk_has_a_kind(folder):
    """A bare `PolicyError` would be told in English on every page."""
    bare = [
        f"{path.name}:{node.lineno}"
        for path in (ROOT / folder).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and ast.unparse(node.exc.func) == "PolicyError"
    ]
    assert bare == []
