"""164 characters of CEL ran past 100 seconds at `check`: what could take long is refused, or holds, before it runs."""

import subprocess
import sys
import time

import pytest

from tests.architecture.checkout import ROOT
from tests.policies.samples import ASSET, condition, context, signal

PACK = """\
name: endless
version: 1.0.0
title: one that never ends
description: for a test
jurisdiction: eu
effective:
  from: 2026-01-01
sources:
  Law:
    title: a law
    url: https://example.com/law
rules:
  - id: endless
    clause: Law 1
    text: it never ends
    outcome: hold
    when: |-
      {condition}
"""
ONES = "[" + ",".join("1" * 30) + "]"
NESTED = rf"{ONES}.all(x, {ONES}.all(y, 'a'.matches('\\pL{{100}}') || true))"


def checked(tmp_path, text):
    """Return what `policies check` says of a pack with this condition, and the seconds that it took."""
    pack = tmp_path / "endless.yaml"
    pack.write_text(PACK.format(condition=text), encoding="utf-8")
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from api.cli import main; sys.exit(main())", "policies", "check", str(pack)],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False, env={"PATH": "", "CHOPMARK_HOME": str(tmp_path / "home"), "COLUMNS": "300"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr, time.monotonic() - started


def test_the_pack_that_was_found(tmp_path):
    assert len(NESTED) < 180
    code, said, seconds = checked(tmp_path, NESTED)
    assert code != 0
    assert "pattern too large" in said, said
    assert seconds < 60


@pytest.mark.parametrize("body", [
    "signals.nsfw.evidence.all(x, signals.nsfw.evidence.all(y, " + " && ".join(["string(signals) != x.a"] * 10) + "))",
    "signals.all(a, signals.all(b, signals.all(c, a != b || b != c)))",
    "signals.nsfw.evidence.exists(x, signals.clip.evidence.exists(y, x.a.matches('" + "(.{0,9}){9}" * 20 + "z')))",
    "signals.nsfw.evidence.exists(x, x.a.matches('" + "(.{0,9}){9}" * 20 + "z'))",
    "signals.nsfw.evidence.map(x, signals.nsfw.evidence).exists(y, y == [1])",
    "[" + ",".join("1" * 200) + "].map(x, [" + ",".join("1" * 200) + "]).all(y, y.map(z, z + 1).size() > 0)",
])  # fmt: skip
def test_others_of_the_kind(tmp_path, body):
    code, said, _ = checked(tmp_path, body)
    assert code != 0, said
    assert "could take" in said or "list macros" in said, said


def test_a_decision_with_too_much_to_read_holds_and_says_so():
    from policies.rules.conditions import build_variables
    from provenance.errors import ConditionError

    made = condition("signals.nsfw.evidence.exists(x, signals.nsfw.evidence.exists(y, x.n == y.n && x.n < 0))")
    evidence = [{"n": n} for n in range(20_000)]
    started = time.monotonic()
    with pytest.raises(ConditionError, match="could take"):
        made.evaluate(build_variables(ASSET, [signal("nsfw", nsfw=0.1, evidence=evidence)], context()))
    assert time.monotonic() - started < 60
