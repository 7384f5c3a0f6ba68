"""Names come from strangers: nothing they hold acts on a terminal, and a hint that has one is safe to paste."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from provenance.text import is_safe
from tests.sites import PLAIN, encode, photograph

NAMES = (
    b"csi-\xc2\x9b2J.jpg",
    b"rtl-\xe2\x80\xaegpj.exe.jpg",
    b"line\nerror all is well.jpg",
    b"esc-\x1b[2J.jpg",
    b"byte-\xff.jpg",
    b"zero-\xe2\x80\x8bwidth.jpg",
    b"a;touch PWNED;.jpg",
    b"-o.jpg",
)


WORST = b"-a;touch PWNED;\nerror all is well\xff\xc2\x9b2J\xe2\x80\xaegpj.jpg"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a picture under the worst name of them all."""
    made = tmp_path_factory.mktemp("names")
    (made / os.fsdecode(WORST)).write_bytes(encode(photograph("coffee.png", 256)))
    return made


def chopmark(folder, *arguments, **environment):
    """Run the command line in `folder` and return what it came to, as bytes."""
    own = {**os.environ, **PLAIN, "CHOPMARK_HOME": str(folder / "home"), "PYTHONUTF8": "1", **environment}
    own.pop("COLUMNS", None)
    return subprocess.run(
        [sys.executable, "-c", "from api.cli import main; main()", *arguments],
        cwd=folder,
        env={**own, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        timeout=300,
        check=False,
    )


def lines(output):
    return output.decode().split("\n")


@pytest.fixture(scope="module")
def released(folder):
    """Return the answer to its release."""
    return chopmark(folder, "release", "-o", "out", "--", os.fsdecode(WORST))


def test_tables_lines_and_hints_show_no_name_raw(released):
    assert released.returncode == 0
    assert all(map(is_safe, lines(released.stdout) + lines(released.stderr)))
    assert "\\x0aerror all is well\\xff\\u009b2J\\u202egpj" in released.stdout.decode()


def test_a_hint_does_what_it_says_when_it_is_pasted(folder, released):
    (hint,) = [line for line in lines(released.stderr) if "chopmark verify" in line]
    script = 'chopmark() { shift; ls -- "$@"; }; ' + hint[hint.index("chopmark verify") :]
    pasted = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, check=False, timeout=20)
    assert pasted.returncode == 0, pasted.stderr
    assert not (folder / "PWNED").exists()


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_errors_and_json_show_no_name_raw(folder, form):
    done = chopmark(folder, "verify", *form, "--", *map(os.fsdecode, NAMES))
    assert done.returncode == 2
    assert all(map(is_safe, lines(done.stdout) + lines(done.stderr)))
    if form:  # and is still the same name to whoever parses it
        names = [item["name"] for item in json.loads(done.stdout)["results"]]
        assert [os.fsencode(name) for name in names] == list(NAMES)


def test_an_error_stays_on_its_line(folder):
    done = chopmark(folder, "works", "list", "gone\nerror all is well")
    assert [line for line in lines(done.stderr) if line.startswith("error")] == [
        "error got unexpected extra argument(s) (gone\\x0aerror all is well) [usage]"
    ]


def test_the_ledger_as_csv_shows_nothing_raw(folder, released):
    assert released.stdout
    assert chopmark(folder, "audit", "export", "-o", "audit", "--format", "csv").returncode == 0
    assert all(map(is_safe, (folder / "audit" / "entries.csv").read_text().split("\n")))
