"""The border between a process and its child: what crosses it, and what a child's end looks like."""

import os
import resource
import sys
import time

import pytest

from provenance.child import Child, bound, held_bytes
from provenance.errors import ProcessDiedError

ECHO = r"""
import os, sys, time
from provenance.child import Parent
parent = Parent(int(sys.argv[1]))
while (request := parent.receive()) is not None:
    header, parts = request
    match header["do"]:
        case "echo": parent.reply({"header": header, "sizes": [len(part) for part in parts], "last": parts[-1][-1] if parts else 0})
        case "die": os._exit(9)
        case "noise": parent._socket.sendall(bytes(7) + b"\x02{]")
        case "flood": parent._socket.sendall(b"\xff" * 64)
        case "list": parent._socket.sendall(bytes(7) + b"\x02[]")
        case "hang": time.sleep(60)
        case "environment": parent.reply(dict(os.environ))
        case "file": parent.reply({"read": os.pread(int(sys.argv[2]), 5, 0).decode()})
"""


@pytest.fixture
def start():
    children = []

    def make(**settings):
        children.append(Child("echo", ("-c", ECHO), **settings))
        return children[-1]

    yield make
    for child in children:
        child.end()


def soon():
    return time.monotonic() + 30


def test_a_header_and_its_parts_arrive(start):
    parts = [b"", bytes(3_000_000), b"end"]
    reply = start().ask({"do": "echo", "n": 1}, parts, ends_at=soon())
    assert reply == {"header": {"do": "echo", "n": 1}, "sizes": [0, 3_000_000, 3], "last": ord("d")}


def test_one_child_answers_many_times(start):
    child = start()
    for number in range(5):
        assert child.ask({"do": "echo", "n": number}, ends_at=soon())["header"]["n"] == number


@pytest.mark.parametrize(("what", "said"), [
    ("die", r"its process died \(exit 9\)"), ("noise", "its process died"), ("flood", "sent 18446744073709551615 bytes"),
])  # fmt: skip
def test_an_end_or_nonsense_is_one_error(start, what, said):
    with pytest.raises(ProcessDiedError, match=said):
        start().ask({"do": what}, ends_at=soon())


def test_an_answer_of_another_form_is_an_answer_that_says_so(start):
    assert start().ask({"do": "list"}, ends_at=soon()) == {"error": "no mapping"}


def test_a_late_answer_is_none(start):
    child = start()
    child.ask({"do": "echo"}, ends_at=soon())
    with pytest.raises(ProcessDiedError, match="no answer in time"):
        child.ask({"do": "hang"}, ends_at=time.monotonic() + 0.2)
    with pytest.raises(ProcessDiedError, match="no answer in time"):
        child.ask({"do": "echo"}, ends_at=time.monotonic() - 1)


def test_what_cannot_be_started_is_said(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nonesuch")
    with pytest.raises(ProcessDiedError, match="cannot be started"):
        Child("echo", ("-c", ECHO))


def test_it_gets_files_and_the_variables_that_it_is_given(start, monkeypatch):
    monkeypatch.setenv("CHOPMARK_DATABASE_URL", "secret")
    file = os.memfd_create("x")
    os.write(file, b"hello")
    child = start(environment={"MORE": "1"}, files=(file,))
    os.close(file)
    found = child.ask({"do": "environment"}, ends_at=soon())
    assert (found["MORE"], "CHOPMARK_DATABASE_URL" in found) == ("1", False)
    assert child.ask({"do": "file"}, ends_at=soon()) == {"read": "hello"}


def test_modules_in_the_folder_at_hand_are_not_ours(start, tmp_path, monkeypatch):
    (tmp_path / "provenance").mkdir()
    (tmp_path / "provenance" / "__init__.py").write_text("raise SystemExit(5)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert start().ask({"do": "echo"}, ends_at=soon())["sizes"] == []


def test_it_is_gone_once_ended(start):
    child = start()
    child.end()
    child.end()
    with pytest.raises(ProcessLookupError):
        os.kill(child._process.pid, 0)


def test_bounds_are_set_and_never_above_a_hard_one(monkeypatch):
    set_to = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (5, 7))
    monkeypatch.setattr(resource, "setrlimit", lambda what, limits: set_to.append((what, limits)))
    bound(resource.RLIMIT_CPU, 6)
    bound(resource.RLIMIT_CPU, 9)
    assert set_to == [(resource.RLIMIT_CPU, (6, 7)), (resource.RLIMIT_CPU, (7, 7))]
    assert held_bytes() > 1 << 20
