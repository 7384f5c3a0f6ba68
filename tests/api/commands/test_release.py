import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from api.commands.release import exit_code
from api.releasing import Ended
from policies.line.publishing import Result
from policies.rules.decision import Decision, Outcome
from provenance.asset import AssetId
from provenance.errors import GateError
from tests.sites import encode, photograph

COMMAND = [sys.executable, "-c", "from api.cli import main; main()"]


def result_of(outcome):
    asset_id = AssetId("01a20569-7d58-7d68-ab14-da94ea043106")
    return Result(asset_id, "x.png", outcome, Decision("d", asset_id, outcome, (), (), (), "policy"), {})


def test_a_released_file_is_written_and_exits_0(run, home, coffee, tmp_path):
    done = run("release", coffee, "-o", tmp_path / "sealed.jpg")
    assert done.code == 0, done
    assert "coffee.jpg released no rule objects C2PA, watermark, IPTC #1" in done.words
    assert f"next: chopmark verify {tmp_path}/sealed.jpg" in done.err
    with Image.open(tmp_path / "sealed.jpg") as picture:
        assert picture.format == "JPEG"
    assert run("verify", tmp_path / "sealed.jpg").code == 0


def test_json_is_one_document_with_stable_keys(run, home, coffee, tmp_path):
    done = run("release", coffee, "--json", "-o", tmp_path / "out")
    (item,) = done.document["results"]
    assert list(item) == [
        "name", "outcome", "asset_id", "decision_id", "decided_by", "packs", "reasons", "seal", "ledger_index",
        "public_key", "written",
    ]  # fmt: skip
    assert item["outcome"] == "released"
    assert item["written"] == str(tmp_path / "out" / "coffee.jpg")
    assert {mark["kind"] for mark in item["seal"]["marks"] if mark["made"]} == {
        "signed_metadata", "watermark", "iptc_metadata",
    }  # fmt: skip
    assert (home / "public" / item["public_key"]).read_bytes() == Path(item["written"]).read_bytes()


def test_held_exits_3_and_says_how_to_go_on(run, home, tmp_path):
    flat = tmp_path / "flat.png"
    flat.write_bytes(encode(Image.new("RGB", (300, 300), "navy"), "PNG"))
    done = run("release", flat, "-o", tmp_path / "out")
    assert done.code == 3
    assert "flat.png held it has too little detail" in done.words
    assert "chopmark review approve" in done.err
    assert not (tmp_path / "out").exists()


def test_blocked_exits_4(run, stock, copy_of_the_work, tmp_path):
    done = run("release", copy_of_the_work, "-o", tmp_path / "out", "--json")
    assert done.code == 4
    assert done.document["results"][0]["outcome"] == "blocked"
    assert done.document["results"][0]["reasons"][0]["category"] == "copyright_block"
    assert not (tmp_path / "out").exists()


def test_several_files_each_get_their_own_end_and_the_gravest_code(run, stock, coffee, copy_of_the_work, tmp_path):
    rocket = tmp_path / "rocket.png"
    rocket.write_bytes(encode(photograph("rocket.jpg"), "PNG"))
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    files = (rocket, copy_of_the_work, broken, tmp_path / "absent.png")
    done = run("release", *files, "--json", "-o", tmp_path / "out")
    assert done.code == 2
    assert [item["outcome"] for item in done.document["results"]] == ["released", "blocked", "error", "error"]
    assert [item["name"] for item in done.document["results"]] == [str(path) for path in files]
    assert done.document["results"][3]["error"] == {
        "code": "file", "message": f"cannot read {tmp_path}/absent.png: no such file or directory", "retryable": False,
    }  # fmt: skip
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["rocket.png"]


def test_a_file_from_a_pipe_is_named_for_what_it_is(run, home, tmp_path):
    done = run("release", "-", "-o", tmp_path / "x.png", stdin=encode(photograph()))
    assert done.code == 2
    assert f"-o {tmp_path}/x.jpg" in done.err
    assert not list(tmp_path.glob("x.*"))
    assert run("release", "-", "-o", tmp_path / "out", stdin=encode(photograph())).code == 0
    (written,) = (tmp_path / "out").iterdir()
    assert written.name.startswith("picture-")


def test_a_prompt_from_a_pipe_is_drawn_and_appears_nowhere(run, home, tmp_path):
    prompt = "a heron at the quiet Zambonia lake"
    done = run("release", "--prompt", "-", "--seed", 3, "-o", tmp_path / "out", "--json", stdin=prompt.encode())
    assert done.code == 0
    assert "Zambonia" not in done.out + done.err
    kept = [path for path in (*home.rglob("*"), *(tmp_path / "out").rglob("*")) if path.is_file()]
    assert not [path for path in kept if b"Zambonia" in path.read_bytes()]


def test_a_forbidden_prompt_is_withheld_and_quoted_nowhere(run, home):
    done = run("-v", "release", "--prompt", "a loaded pistol in Zambonia")
    assert done.code in {3, 4}
    assert "Zambonia" not in done.out + done.err
    assert "the prompt asks for weapons" in done.words


@pytest.mark.parametrize(("arguments", "said"), [
    (("release",), "got neither"),
    (("release", "--prompt", " "), "at least one word"),
    (("release", "x.png", "--prompt", "y", "--prompt-file", "z"), "got both"),
    (("release", "-", "--prompt", "-"), "standard input holds one thing"),
    (("release", "x.png", "y.png", "--seed", "3"), "--seed is for one file"),
    (("release", "x.png", "--asset-id", "mine"), "to be a UUID"),
    (("release", "--prompt", "y", "--model", "z"), "the backend draws"),
    (("release", "x.png", "--pack", "nonesuch"), "expected packs out of baseline"),
])  # fmt: skip
def test_wrong_arguments_teach(run, home, arguments, said):
    assert said in run(*arguments).err
    done = run(*arguments, "--json")
    assert done.code == 2
    assert said in done.document["error"]["message"]


def test_names_of_files_are_inert(run, home, tmp_path):
    path = tmp_path / "[red]x\x1b[31m\n.jpg"
    path.write_bytes(encode(photograph()))
    done = run("release", path)
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert "[red]x" in done.out


def test_what_cannot_be_written_is_refused_before_anything_is_released(run, home, coffee, tmp_path):
    (tmp_path / "file").write_text("in the way")
    done = run("release", coffee, "-o", tmp_path / "file" / "x.jpg", "--json")
    assert done.code == 2
    (item,) = done.document["results"]
    assert (item["outcome"], item["error"]["code"]) == ("error", "file")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["coffee.jpg", "file"]
    assert list((home / "public").rglob("media.*")) == []


def test_exit_codes_by_the_strictest():
    released, held, blocked = (Ended("x", result=result_of(outcome)) for outcome in Outcome)
    failed = Ended("x", error=GateError("no"))
    assert [exit_code(items) for items in ([], [released], [released, held], [blocked, held], [blocked, failed])] == [
        0, 0, 3, 4, 2,
    ]  # fmt: skip


def test_an_interrupted_batch_ends_cleanly_and_is_finished_later(home, coffee, tmp_path):
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*COMMAND, "release", *[str(coffee)] * 200, "-o", str(out), "--json"],
        stdout=-1,
        stderr=-1,
        # A test run in the background has a shell that ignores SIGINT, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread runs here
    )
    for _ in range(600):
        if out.is_dir() and any(out.iterdir()):
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == b"error interrupted; what the gate had accepted it finishes the next time it runs [interrupted]\n"
    assert 0 < len(list(out.iterdir())) < 200
    assert not list(out.glob(".*"))
    assert not list((home / "quarantine").glob("*-*"))


def test_a_terminal_on_standard_input_teaches(run, home, monkeypatch):
    import api.console

    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(api.console.sys, "stdin", terminal)
    with pytest.raises(GateError, match="got a terminal"):
        api.console.read_input("-")


def test_a_key_makes_one_asset_of_what_is_handed_in_twice(run, light, coffee, tmp_path):
    first, second = (run("release", coffee, "--key", "order-1", "--json").document["results"][0] for _ in range(2))
    assert first["outcome"] == "released"
    assert (second["asset_id"], second["outcome"]) == (first["asset_id"], "released")
    other = run("release", coffee, "--key", "order-2", "--json").document["results"][0]
    assert other["asset_id"] != first["asset_id"], "another key is another order, whatever its bytes"
    reused = run("release", coffee, "--key", "order-1", "--model", "m", "--json")
    assert (reused.code, reused.document["results"][0]["error"]["code"]) == (2, "asset.key_reused")
    several = run("release", coffee, coffee, "--key", "order-3", "--json")
    assert (several.code, several.document["error"]["code"]) == (2, "usage")


def test_a_file_that_shows_somebody_is_released_under_their_consent_and_held_where_it_does_not_cover(
    run, light, tmp_path
):
    file = tmp_path / "me.jpg"
    file.write_bytes(encode(photograph("astronaut.png", 320)))
    agreed = run("consents", "add", "Me", "--for", "avatar", "--json").document["consent"]["id"]
    asked = ("release", file, "--consent", agreed, "--json")
    done = run(*asked, "--purpose", "avatar", "-o", tmp_path / "a.jpg")
    assert done.code == 0, done
    assert run("consents", "show", agreed, "--json").document["consent"]["assets"]
    (other,) = run(*asked, "--purpose", "advert", "-o", tmp_path / "b.jpg").document["results"]
    assert (other["outcome"], {one["rule"] for one in other["reasons"]}) == ("held", {"consent"})
    run("consents", "revoke", agreed, "--reason", "no more")
    (gone,) = run("release", "--prompt", "a hill", *asked[2:], "--purpose", "avatar").document["results"]
    assert gone["outcome"] == "held"
