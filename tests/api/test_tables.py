import io
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from api.tables import Listing, made_safe, plain
from provenance.text import is_safe

ID = "01a20593-6d9e-777b-8c91-618c86b8ad74"
DIGEST = "c5969a9b838c7607" * 4


def rendered(table, width, *, terminal=True):
    buffer = io.StringIO()
    Console(file=buffer, width=width, highlight=False, markup=False, force_terminal=terminal, color_system=None).print(
        table, crop=False
    )
    return buffer.getvalue()


def build(*rows, heads=("asset", "name", "why")):
    table = Listing()
    for head in heads:
        table.add_column(head)
    for row in rows:
        table.add_row(*row)
    return table


@given(
    st.lists(st.tuples(st.uuids().map(str), st.text(max_size=60), st.text(max_size=200)), max_size=5),
    st.integers(40, 160),
)
def test_tables_fit_and_never_cut_an_id(rows, width):
    out = rendered(build(*rows), width)
    assert all(cell_len(line) <= width for line in out.split("\n"))
    assert all(is_safe(line) for line in out.split("\n"))
    assert all(asset in out for asset, _, _ in rows)


def test_words_are_not_cut():
    why = "the prompt asks for weapons and for a photograph of somebody who is easily recognised"
    for width in (40, 60, 80):
        out = rendered(build((ID, "drawn-ef9b1201-0.png", why)), width)
        assert set(why.split()) <= set(out.split())
        assert "drawn-ef9b1201-0.png" in out


def test_a_narrow_terminal_gets_its_rows_stacked():
    assert rendered(build((ID, "cat.png", "weapons"), (ID, "dog.png", "")), 40).split("\n") == [
        "asset",
        f"  {ID}",
        "name   cat.png",
        "why    weapons",
        "",
        "asset",
        f"  {ID}",
        "name   dog.png",
        "",
    ]


def test_an_id_that_fits_nowhere_is_whole_all_the_same():
    assert f"  {DIGEST}\n" in rendered(build((DIGEST, "a", "b")), 40)


def test_long_words_of_strangers_are_folded():
    out = rendered(build(("a", "y" * 200, "[bold]x[/bold]")), 80)
    assert out.count("y") == 201  # and one in "why"
    assert all(len(line) <= 80 for line in out.split("\n"))
    assert "[bold]x[/bold]" in out


def test_a_pipe_gets_one_plain_line_a_row():
    why = "word " * 60
    out = rendered(
        build((ID, "cat.png", Text("\n").join((plain("one"), plain("two")))), (ID, "a", why)), 1 << 20, terminal=False
    )
    lines = out.split("\n")
    assert lines[1] == f"{ID}  cat.png  one; two"
    assert lines[2].endswith(why.strip())
    assert len(lines) == 4
    assert "─" not in out


def test_a_title_stands_above():
    table = Listing(title="Rules")
    table.add_column("rule")
    table.add_row("a")
    assert rendered(table, 80, terminal=False) == "Rules\nrule\na\n"


@pytest.mark.parametrize("text", ["\x1b[2J", "\r", "\u202egpj.exe", "\udcff", "\x00", f"{uuid.UUID(int=0)}\x9b"])
def test_texts_are_made_safe_whoever_built_them(text):
    assert made_safe(Text(f"a\n{text}")).plain.startswith("a\n")
    assert is_safe(made_safe(Text(text)).plain)
    assert is_safe(rendered(build((Text(text), text, "")), 1 << 20, terminal=False).split("\n")[1])


def test_safe_texts_keep_their_colours():
    text = Text.assemble(("a", "red"), "b")
    assert made_safe(text) is text


def test_facts_have_no_head_and_stack_by_their_names():
    table = build(("asset", ID), ("file", "image/png, 512 x 512 pixels"), heads=("", ""))
    assert rendered(table, 80) == f"asset  {ID}\nfile   image/png, 512 x 512 pixels\n"
    assert rendered(table, 40) == f"asset\n  {ID}\nfile   image/png, 512 x 512 pixels\n"
