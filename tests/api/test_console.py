import io
import json
import sys

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from api import console
from api.console import (
    CommandUsageError,
    QuietConsole,
    build_progress,
    build_table,
    describe_error,
    plain,
    print_error,
    print_json,
    print_summary,
    read_input,
    teaching_errors,
)
from provenance.errors import AssetTooLargeError, GateError, PackInvalidError
from provenance.text import is_safe


def rendered(thing, width=80):
    buffer = io.StringIO()
    Console(file=buffer, width=width, highlight=False, markup=False).print(thing)
    return buffer.getvalue()


@given(st.text())
def test_no_text_of_strangers_moves_the_cursor_or_hides(text):
    assert is_safe(plain(text).plain)
    for printed in (text, Text(text)):
        buffer = io.StringIO()
        QuietConsole(file=buffer, highlight=False, markup=False, emoji=False).print(printed)
        assert all(map(is_safe, buffer.getvalue().split("\n")))


@pytest.mark.parametrize("text", ["\x1b[2J", "\r", "\u202egpj.exe", "a\nb", "\udcff", "\x00"])
def test_control_characters_are_made_visible(text):
    assert "\\" in plain(text).plain


def test_a_pipe_has_no_width_unless_it_is_told(monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    console = QuietConsole(highlight=False, markup=False)
    console.print("word " * 100)
    assert capsys.readouterr().out.count("\n") == 1
    monkeypatch.setenv("COLUMNS", "40")
    console.print("word " * 100)
    assert capsys.readouterr().out.count("\n") > 10


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (["held", *["released"] * 18, "blocked"], "20 files: 18 released, 1 held, 1 blocked\n"),
        (["failed", "registered", "registered"], "3 files: 2 registered, 1 failed\n"),
        (["released"], ""),
        ([], ""),
    ],
)
def test_many_files_end_in_one_line(ends, said, capsys):
    print_summary(ends)
    assert capsys.readouterr().out == said


def test_tables_take_markup_as_text_and_fold_at_eighty_columns():
    table = build_table("name", "what")
    table.add_row(plain("[bold]x[/bold]"), plain("y" * 200))
    out = rendered(table)
    assert "[bold]x[/bold]" in out
    assert out.count("y") == 200
    assert all(len(line) <= 80 for line in out.splitlines())


def test_json_is_utf8_where_the_stream_is_and_escaped_where_not(monkeypatch):
    for encoding, expected in (("utf-8", "生成"), ("latin-1", "\\u751f\\u6210")):
        buffer = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding=encoding))
        print_json({"label": "生成"})
        assert expected in buffer.getvalue().decode(encoding)
        assert json.loads(buffer.getvalue().decode(encoding)) == {"label": "生成"}


def test_input_is_read_within_bounds(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(bytes(100))
    assert len(read_input(str(path), most_bytes=100)) == 100
    with pytest.raises(AssetTooLargeError, match="at most 99 bytes"):
        read_input(str(path), most_bytes=99)
    with pytest.raises(AssetTooLargeError):
        read_input("/dev/zero", most_bytes=1 << 16)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"piped")))
    assert read_input("-") == b"piped"


@pytest.mark.parametrize(("path", "said"), [("", "no such file"), (".", "is a directory"), ("a\0b", "null")])
def test_what_cannot_be_read_is_named(path, said):
    with pytest.raises(GateError, match=said) as raised:
        read_input(path or "/nonexistent")
    assert raised.value.code == "file"


def test_errors_have_a_code_a_message_and_every_problem():
    assert describe_error(CommandUsageError("both")) == {
        "error": {"code": "usage", "message": "both", "retryable": False}
    }
    assert describe_error(PackInvalidError(("a:1:1: x", "a:2:1: y")))["error"]["problems"] == ["a:1:1: x", "a:2:1: y"]


def test_errors_of_several_lines_stay_lines(capsys):
    print_error("a:1:1: x\nb:2:2: [y]", "policy")
    assert capsys.readouterr().err == "error a:1:1: x [policy]\nb:2:2: [y]\n"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_command_that_fails_exits_2(as_json, capsys):
    @teaching_errors
    def command(*, as_json=False):
        raise GateError("the [lock] is held")

    with pytest.raises(typer.Exit) as ended:
        command(as_json=as_json)
    assert ended.value.exit_code == 2
    captured = capsys.readouterr()
    if as_json:
        assert json.loads(captured.out)["error"]["message"] == "the [lock] is held"
        assert captured.err == ""
    else:
        assert captured.err == "error the [lock] is held [gate]\n"
        assert captured.out == ""


def test_progress_is_for_terminals_only():
    assert build_progress().disable
    assert build_progress(quiet=True).disable


def test_a_name_cannot_forge_a_line_of_an_error(capsys):
    with pytest.raises(GateError) as raised:
        read_input("none\nerror all is well\u202e")
    print_error(str(raised.value), raised.value.code)
    assert (
        capsys.readouterr().err
        == "error cannot read none\\x0aerror all is well\\u202e: no such file or directory [file]\n"
    )


@pytest.mark.parametrize(
    ("is_terminal", "quiet", "is_shown"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_progress_is_for_who_sits_at_a_terminal(monkeypatch, is_terminal, quiet, is_shown):
    monkeypatch.setattr(console.ERR, "_force_terminal", is_terminal)
    assert console.shows_progress(quiet=quiet) is is_shown
    assert console.build_progress(quiet=quiet).disable is not is_shown
