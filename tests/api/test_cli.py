import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

import api.cli
from api import VERSION
from api.cli import COMMANDS, WORKER_THREAD
from detectors.runner import Runner
from tests.architecture.checkout import ROOT


def test_every_verb_of_the_promise_is_there():
    promised = "demo generate release verify register match works policies audit keys models doctor"
    assert set(promised.split()) <= set(COMMANDS)


STAYING = {"serve", "worker", "mcp"}
"""They run until they are told to stop, and have no one answer that could be a document."""


def paths_of(group, *words):
    """Yield the words that lead to each command of a group; one alone needs none of its own."""
    is_alone = len(group.registered_commands) == 1 and not group.registered_groups
    for command in group.registered_commands:
        yield words if is_alone else (*words, command.name or command.callback.__name__.replace("_", "-"))
    for inner in group.registered_groups:
        named = [inner.name] if isinstance(inner.name, str) else []  # without a name its commands are the group's own
        yield from paths_of(inner.typer_instance, *words, *named)


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_verb_has_help_and_takes_json(run, verb):
    done = run(verb, "--help")
    assert done.code == 0
    assert COMMANDS[verb][1].split(",")[0].split()[0].lower() in done.out.lower()
    if verb in STAYING:
        return
    for path in paths_of(importlib.import_module(COMMANDS[verb][0]).app, verb):
        assert "--json" in run(*path, "--help").out


def test_help_lists_every_verb_without_importing_one():
    code = (
        "import sys; sys.argv = ['chopmark', '--help']\n"
        "from api.cli import main\n"
        "try: main()\n"
        "except SystemExit as ended: assert ended.code == 0\n"
        "heavy = {'torch', 'numpy', 'cv2', 'numba', 'onnxruntime', 'sqlalchemy', 'PIL', 'fastapi', 'c2pa'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(verb in done.stdout for verb in COMMANDS)


def test_help_is_plain_in_a_pipe(run):
    for arguments in (("--help",), ("release", "--help"), ("review", "approve", "--help")):
        assert not set(run(*arguments).out) & set("│─╭╮╰╯\x1b")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_verbs_and_options(shell, tmp_path):
    def complete(*words):
        asked = {"_CHOPMARK_COMPLETE": f"complete_{shell}", "COMP_WORDS": " ".join(words), "HOME": str(tmp_path)}
        asked |= {"COMP_CWORD": str(len(words) - 1), "_TYPER_COMPLETE_ARGS": " ".join(words)}
        asked |= {"_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        command = [sys.executable, "-c", "from api.cli import main; main()"]
        return subprocess.run(
            command, env={**os.environ, **asked}, capture_output=True, text=True, check=False, timeout=60
        ).stdout

    assert "review" in complete("chopmark", "re")
    assert "verify" not in complete("chopmark", "re")
    assert "--prompt" in complete("chopmark", "release", "--pr")


def test_completion_is_installed_by_an_option(tmp_path):
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -c 'from api.cli import main; main()' --install-completion; exit $?"],
        env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "bash completion installed" in done.stdout
    assert "chopmark" in (tmp_path / ".bash_completions" / "chopmark.sh").read_text()


def test_no_verb_shows_the_help(run):
    done = run()
    assert done.code == 2
    assert "release gate" in done.out + done.err


def test_the_version(run):
    assert run("--version").out == f"chopmark {VERSION}\n"


@pytest.mark.parametrize(("arguments", "said"), [
    (("relese",), "did you mean 'release'?"),
    (("zzz",), "no such command 'zzz'"),
    (("release", "--sed", "1"), "no such option: --sed"),
    (("release", "--seed", "x"), "'--seed'"),
    (("verify",), "files"),
    (("works", "withdraw", "x"), "--reason"),
    (("works", "list", "--tenant", "../x"), "lower-case letters, digits and hyphens"),
])  # fmt: skip
def test_usage_errors_teach_and_exit_2(run, arguments, said):
    done = run(*arguments)
    assert done.code == 2
    assert said.lower() in done.err.lower()
    assert "[usage]" in done.err
    assert "help: chopmark" in " ".join(done.err.split())
    as_json = run(*arguments, "--json")
    assert as_json.code == 2
    assert as_json.document["error"]["code"] == "usage"
    assert as_json.err == ""


@pytest.fixture
def broken_verb(monkeypatch):
    def crash(*_, **__):
        raise KeyError("a prompt about Zambonia")

    monkeypatch.setattr("api.commands.keys.load_settings", crash)


def test_a_defect_is_told_by_kind_and_place_and_never_exits_1(run, broken_verb):
    done = run("keys", "list")
    assert done.code == 2
    assert "a defect of chopmark: KeyError at test_cli.py:" in done.err
    assert "Zambonia" not in done.err
    assert run("keys", "list", "--json").document["error"]["code"] == "internal"


def test_a_defect_shows_its_trace_to_who_asks(run, broken_verb):
    done = run("-v", "keys", "list")
    assert "Traceback" in done.err
    assert done.code == 2


def test_logs_are_json_lines_on_standard_error(run, home, monkeypatch):
    from provenance.errors import StoreError

    def fail(_):
        raise StoreError("the disk is away")

    monkeypatch.setattr("api.upkeep.resume", fail)
    quiet = run("review", "list")
    assert quiet.err == ""
    done = run("-v", "review", "list", "--json")
    assert json.loads(done.err.splitlines()[0])["error"] == "the disk is away"
    assert done.document == {"held": []}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_output_that_has_no_room_is_one_line_of_error(tmp_path, form):
    environment = {**os.environ, "CHOPMARK_HOME": str(tmp_path)}
    command = [sys.executable, "-c", "from api.cli import main; main()", "policies", "list", *form]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=-1, check=False, env=environment, text=True)
    assert done.returncode == 2
    assert "no space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_output_that_nobody_reads_ends_quietly(tmp_path, form):
    environment = {**os.environ, "CHOPMARK_HOME": str(tmp_path)}
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", "from api.cli import main; main()", "policies", "list", *form]
    done = subprocess.run(command, stdout=writing, stderr=-1, check=False, env=environment)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_names_that_are_no_text_are_shown(tmp_path):
    environment = {**os.environ, "CHOPMARK_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", "from api.cli import main; main()", "release", b"/nonexistent/\xff.png", "--json"]
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert done.returncode == 2, done.stderr
    assert json.loads(done.stdout)["results"][0]["name"] == "/nonexistent/\udcff.png"


def test_main_takes_arguments_as_given():
    with pytest.raises(SystemExit) as ended:
        api.cli.main(["--version"])
    assert ended.value.code == 0


@pytest.mark.parametrize("name", [WORKER_THREAD, "another"])
def test_a_detector_that_is_still_at_work_does_not_outlive_the_answer(name):
    """The interpreter is not taken down under it: it would abort when it comes back from native code."""
    code = (
        "import atexit, threading\nfrom api.cli import main\n"
        "atexit.register(print, 'taken down', flush=True)\n"
        f"threading.Thread(target=threading.Event().wait, args=(120,), name={name!r}, daemon=True).start()\n"
        "main(['--version'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert ("taken down" in done.stdout) == (name == "another")
    assert done.stdout.startswith("chopmark ")


def test_the_threads_of_detectors_have_that_name(monkeypatch):
    names = []
    monkeypatch.setattr("detectors.runner.threading.Thread", lambda **how: names.append(how["name"]) or Mock())
    Runner(())._start_worker(None)
    assert names == [WORKER_THREAD]
