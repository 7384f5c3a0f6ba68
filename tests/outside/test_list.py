"""The list of what was found from outside: each fault has a number or a letter, and a file here with its right value."""

import ast
import re

import pytest

from tests.architecture.checkout import ROOT, files

FOLDER = ROOT / "tests" / "outside"
NAME = re.compile(r"test_(?:[0-9]{2}|c2[a-k])_[a-z0-9_]+\.py")


def listed():
    """Return the files of the list, less this one."""
    return [path.name for path in files() if (ROOT / path).parent == FOLDER and path.name.startswith("test_")]


def test_each_file_says_which_fault_it_is_about():
    others = [name for name in listed() if name != "test_list.py"]
    assert [name for name in others if not NAME.fullmatch(name)] == []


@pytest.mark.parametrize("name", [name for name in listed() if name != "test_list.py"])
def test_each_file_asserts_something(name):
    tree = ast.parse((FOLDER / name).read_text(encoding="utf-8"))
    tests = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    assert tests
    for test in tests:
        said = [ast.unparse(node) for node in ast.walk(test) if isinstance(node, ast.Assert | ast.With | ast.Call)]
        assert any(re.search(r"^assert |raises|\bassert_\w+\(|\bexpect\w*\(", text) for text in said), (
            f"{name}: {test.name} asserts nothing"
        )
