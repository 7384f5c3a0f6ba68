"""The command line in this process, as the tests of the verbs have it, and a site that answers quickly."""

from tests.api.conftest import _opened, _stocked, _wide_terminal, coffee, copy_of_the_work, home, light, run, stock

__all__ = ["_opened", "_stocked", "_wide_terminal", "coffee", "copy_of_the_work", "home", "light", "run", "stock"]
