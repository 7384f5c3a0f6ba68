"""The CEL library without its command line.

`import cel` imports the library's own interactive shell along, and with it prompt_toolkit and rich: a third of the time
that a release takes to start. The evaluator is one compiled module of that package, which is loaded here by itself; who
imports `cel` later gets the same module.
"""

import sys
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any, Final

_EVALUATOR: Final = "cel.cel"


@cache
def load_cel() -> Any:  # noqa: ANN401 - a compiled module without types
    """Return the evaluator: `compile` and `Context`.

    Raises:
        ImportError: the library is not installed.
    """
    known = sys.modules.get(_EVALUATOR)
    if known is not None:
        return known
    package = find_spec("cel")
    folders = None if package is None else package.submodule_search_locations
    spec = None if folders is None else PathFinder.find_spec(_EVALUATOR, list(folders))
    if spec is None or spec.loader is None:
        raise ImportError("expected the package common-expression-language, found no evaluator in it")
    module = module_from_spec(spec)
    sys.modules[_EVALUATOR] = module
    spec.loader.exec_module(module)
    return module
