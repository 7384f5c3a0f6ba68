"""Files are handed on as blobs: whoever takes one as whole bytes is listed here, with why it is never of any size."""

import ast

from tests.architecture.checkout import ROOT, modules

WHOLE = {
    # (module, function): why
    ("api/wiring.py", "draw"): "a picture to begin from, read within the bound for pictures",
    ("policies/rules/document.py", "_choose_loader"): "a pack, within that bound",
    ("policies/rules/document.py", "parse_document"): "a pack, within a bound of its own",
    ("policies/rules/parsing.py", "_parse_pack"): "a pack, within a bound of its own",
    ("policies/rules/parsing.py", "parse_pack"): "a pack, within a bound of its own",
    ("provenance/labels/base.py", "read"): "the seam of other people's labels, for pictures that were decoded",
    ("provenance/labels/base.py", "read_every"): "the seam of other people's labels, for pictures that were decoded",
    ("provenance/labels/base.py", "write_every"): "the same seam, for pictures just encoded in memory",
    ("provenance/labels/base.py", "write"): "the seam of other people's labels, for pictures just encoded in memory",
    ("provenance/labels/implicit.py", "write_labels"): "a picture that an encoder has just made in memory",
    ("provenance/manifests/jumbf.py", "parse_store"): "a manifest store, 32 MiB at most",
}
NAMES = {"encoded", "file", "image", "original", "source", "unverified_bytes", "unverified_file"}
BELOW = ("provenance/media/", "provenance/labels/containers/")
"""Where a file is taken apart, after its bounds were checked."""
WHOLE_TYPES = {"bytes", "bytes | None"}


def found():
    """Yield (module, function) of each function that takes a file's bytes, and nothing better, outside of media."""
    for path in modules():
        if str(path).startswith(BELOW):
            continue
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
                named = [argument for argument in arguments if argument.arg in NAMES and argument.annotation]
                if any(ast.unparse(argument.annotation) in WHOLE_TYPES for argument in named):
                    yield str(path), node.name


def test_no_other_function_takes_a_whole_file():
    assert set(found()) == WHOLE.keys()
