"""One door for built-ins and entry points; a name is never taken twice, and nothing is imported before its use."""

import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from provenance import plugins
from provenance.errors import BrokenPluginError, DuplicatePluginError, MissingExtraError, UnknownPluginError
from provenance.plugins import Plugins

TABLE: Plugins[type] = Plugins(
    kind="wheels",
    builtins={
        "fraction": "fractions:Fraction",
        "missing": "no_such_module_here:Wheel",
        "bare": "no_such_module_either:W",
    },
    extras={"missing": "wheels"},
)


@pytest.fixture
def installed(monkeypatch):
    """Entry points that installed distributions bring."""
    points = []
    monkeypatch.setattr(plugins, "entry_points", lambda: EntryPoints(points))

    def install(name, value, group="chopmark.wheels"):
        points.append(EntryPoint(name, value, group))

    return install


def test_a_builtin_is_imported_when_it_is_used():
    from fractions import Fraction

    assert TABLE.load("fraction") is Fraction


def test_an_entry_point_takes_the_same_door(installed):
    installed("decimal", "decimal:Decimal")
    installed("elsewhere", "decimal:Context", group="chopmark.doors")
    from decimal import Decimal

    assert TABLE.load("decimal") is Decimal
    assert TABLE.names() == ("bare", "decimal", "fraction", "missing")


def test_no_package_replaces_a_builtin(installed):
    installed("fraction", "decimal:Decimal")
    with pytest.raises(DuplicatePluginError, match="two wheels plugins are named 'fraction'"):
        TABLE.load("fraction")


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(
        UnknownPluginError, match="no wheels plugin is named 'fractoin'; known: bare, fraction, missing"
    ):
        TABLE.load("fractoin")


def test_a_missing_extra_is_named():
    with pytest.raises(MissingExtraError, match=r"pip install 'chopmark\[wheels\]'") as caught:
        TABLE.load("missing")
    assert isinstance(caught.value.__cause__, ImportError)
    with pytest.raises(MissingExtraError) as caught:
        TABLE.load("bare")
    assert "install the extra" not in str(caught.value)


def test_listing_names_imports_nothing():
    before = set(sys.modules)
    TABLE.names()
    assert "no_such_module_here" not in sys.modules
    assert set(sys.modules) - before <= {"importlib.metadata"}


def test_two_packages_cannot_claim_one_name(installed):
    installed("decimal", "decimal:Decimal")
    installed("decimal", "fractions:Fraction")
    with pytest.raises(DuplicatePluginError, match="'decimal': the second is fractions:Fraction"):
        TABLE.load("decimal")


@pytest.mark.parametrize(("source", "said"), [
    ("raise RuntimeError('no\\nsense')", "RuntimeError: no; mend it"),
    ("x = (", "SyntaxError"),
    ("raise SystemExit(0)", "SystemExit"),
    ("class Other: ...", "AttributeError"),
    ("class Wheel:\n    def __init__(self): self.spokes = 1 // 0", "ZeroDivisionError"),
    ("class Wheel: ...", "is no plugin of its kind: it lacks spokes"),
    ("Wheel = 7", "TypeError"),
])  # fmt: skip
def test_what_is_broken_is_told_with_its_name_and_what_to_do(installed, tmp_path, monkeypatch, source, said):
    (tmp_path / "broken_wheel.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "broken_wheel", raising=False)
    installed("round", "broken_wheel:Wheel")
    with pytest.raises(BrokenPluginError, match=f"wheels plugin 'round'.*{said}"):
        TABLE.make("round", has=("spokes",))


def test_what_is_whole_is_made(installed):
    installed("decimal", "decimal:Decimal")
    assert TABLE.make("decimal", "1.5", has=("as_tuple",)) * 2 == 3
