"""Pages show commands that exist: every verb and option that a page names is one of the command line."""

import re
import shlex

import pytest
import typer

from api.cli import LazyGroup, app
from tests.architecture.checkout import ROOT, files

PAGES = [path for path in files() if path.suffix == ".md" and path.parts[0] in {"docs", "README.md", "SECURITY.md"}]
SHOWN = re.compile(r"(?:^    (?:\$ )?|`)(?:[A-Z_]+=\S+ )*(chopmark [^`\n]*)", re.MULTILINE)


def shown(page):
    """Commands in code blocks and between backquotes, without remarks."""
    for found in SHOWN.findall((ROOT / page).read_text(encoding="utf-8")):
        line = re.split(r"\s+#\s|\s&&\s|\s\|\s|;\s", found)[0].rstrip("\\")
        try:
            yield line, shlex.split(line)[1:]
        except ValueError:
            continue  # goes on in the next line


def find_command(words):
    """The command that `words` begin with, what is left of them, and why there is none."""
    command, context = typer.main.get_command(app), None
    assert isinstance(command, LazyGroup)
    context = typer.Context(command, info_name="chopmark")
    while words and hasattr(command, "commands"):
        if words[0].startswith("-") or words[0] == "...":
            break
        verb = words[0].rstrip(".,:")
        if "|" in verb:
            return None, words, ""
        if not isinstance(command, LazyGroup) and verb not in command.commands:
            return None, words, f"no verb {verb}"
        command = command.get_command(context, verb)
        words = words[1:]
    return command, words, ""


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_command_of_a_page_exists(page):
    wrong = []
    for line, given in shown(page):
        words = given[1:] if given and given[0] in {"-v", "--verbose"} else given
        if not words or not re.fullmatch(r"[a-z][a-z-]*", words[0]):
            continue
        try:
            command, rest, why = find_command(words)
        except typer.TyperException as exc:
            wrong.append(f"{line}: {exc.format_message()}")
            continue
        if why:
            wrong.append(f"{line}: {why}")
        if command is None:
            continue
        known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)} | {"--help"}
        options = {word.split("=")[0].strip("[],.") for word in rest if re.match(r"\[?--?[a-z]", word)}
        wrong += [f"{line}: no option {option}" for option in sorted(options - known)]
    assert wrong == []
