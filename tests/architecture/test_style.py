"""Rules of style that no linter knows: sizes, names, and where a broad except may stand."""

import ast
import re

import pytest

from tests.architecture.checkout import ROOT, modules

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 40
BROAD = {
    "detectors/runner.py": "a crash of a detector is a signal",
    "policies/line/attempt.py": "whatever one asset brings about ends with that asset",
    "policies/line/resuming.py": "what one interrupted asset brings about stops no other",
    "policies/review/follower.py": "what one approval or batch brings about stops no other, nor the thread",
    "policies/review/batch.py": "what one job brings about stops no other of its batch",
    "policies/audit/orders.py": "what one order brings about ends with that order",
    "policies/webhooks/delivery.py": "what one delivery brings about counts as a try",
    "api/upkeep.py": "a thread goes on for as long as its process",
    "detectors/model_marks.py": "tokenizers raises Exception itself, and nothing narrower",
    "api/drawing.py": "a thread goes on for as long as its process",
    "api/errands.py": "a thread goes on for as long as its process, and one job stops no other",
    "api/telling.py": "a thread goes on for as long as its process",
    "provenance/plugins.py": "importing and making a plugin runs anybody's code",
    "api/concealing.py": "a surprise becomes a report for people",
    "api/errors.py": "a surprise becomes an answer that says nothing of it",
}
FORBIDDEN_FILES = {"utils.py", "helpers.py", "manager.py", "common.py", "misc.py"}
FORBIDDEN_PREFIXES = ("get_", "process_", "handle_")
OVERRIDES = {
    **dict.fromkeys(
        ("handle_starttag", "handle_endtag", "handle_data", "handle_comment"),
        "html.parser's own names for what it found",
    ),
    "get_command": "typer's own name for finding a verb",
    "process_bind_param": "SQLAlchemy's own name for what it stores",
}


def tree_of(path):
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def functions_of(path):
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def code_lines(function):
    """Count the lines of a function below its signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return function.end_lineno - body[0].lineno + 1 if body else 0


def test_modules_fit():
    sizes = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {path: lines for path, lines in sizes.items() if lines > MAX_MODULE_LINES} == {}


def test_functions_fit_a_screen():
    long = [
        f"{path}:{function.lineno} {function.name}: {lines}"
        for path in modules()
        for function in functions_of(path)
        if (lines := code_lines(function)) > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_names_say_something():
    assert [str(path) for path in modules() if path.name in FORBIDDEN_FILES] == []
    found = [
        f"{path}:{function.lineno} {function.name}"
        for path in modules()
        for function in functions_of(path)
        if function.name.startswith(FORBIDDEN_PREFIXES) and function.name not in OVERRIDES
    ]
    assert found == []


def is_broad(handler):
    """Tell whether a handler swallows anything; one that ends by raising again only tidies up."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        name is None or (isinstance(name, ast.Name) and name.id in {"Exception", "BaseException"}) for name in names
    )


def test_broad_excepts_stand_in_few_places_only():
    found = {
        str(path)
        for path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    }
    assert found <= BROAD.keys()


@pytest.mark.parametrize("path", BROAD)
def test_the_list_of_broad_excepts_is_current(path):
    assert (ROOT / path).is_file()


def test_advisory_locks_have_numbers_of_their_own():
    numbers = {}
    for path in modules():
        text = (ROOT / path).read_text(encoding="utf-8")
        for name in set(re.findall(r"advisory\w*\(\{(\w+)\}", text)):
            numbers[f"{path}:{name}"] = re.search(rf"^{name}: Final = ([\d_]+)$", text, re.MULTILINE)[1]
    assert len(numbers) >= 3
    assert len(set(numbers.values())) == len(numbers), numbers
