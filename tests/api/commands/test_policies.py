import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.commands.policies import app
from api.console import OUT
from policies.rules.loader import BUILTIN_PACKS_DIR

GOLDEN = Path(__file__).parents[2] / "policies" / "rules" / "golden"
CASE = {
    "signals": [
        {"detector": "prompt", "status": "not_applicable"},
        {"detector": "nsfw", "scores": {"nsfw": 0.62}},
        {"detector": "copyright"},
        {"detector": "incoming_marks"},
    ]
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(OUT, "_width", 200)

    def invoke(*arguments, stdin=None):
        return CliRunner().invoke(app, [str(item) for item in arguments], input=stdin)

    return invoke


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "packs"
    folder.mkdir()
    (folder / "valid.yaml").write_bytes((GOLDEN / "valid.yaml").read_bytes())
    return folder


def test_list_names_every_pack(run, folder):
    done = run("list", "--folder", folder)
    assert done.exit_code == 0
    for name in ("baseline", "cn-labeling-2025", "eu-ai-act-50", "valid"):
        assert name in done.stdout


def test_list_as_json(run):
    done = run("list", "--json")
    packs = json.loads(done.stdout)["packs"]
    assert [pack["name"] for pack in packs] == sorted(path.stem for path in BUILTIN_PACKS_DIR.glob("*.yaml"))
    assert all(pack["ok"] and len(pack["sha256"]) == 64 for pack in packs)


def test_list_shows_a_broken_pack_and_exits_2(run, folder):
    (folder / "broken.yaml").write_text("name: broken\n", encoding="utf-8")
    done = run("list", "--folder", folder)
    assert done.exit_code == 2
    assert "problems: chopmark policies check" in " ".join(done.stdout.split())
    assert "baseline" in done.stdout
    packs = json.loads(run("list", "--folder", folder, "--json").stdout)["packs"]
    assert [pack["name"] for pack in packs if not pack["ok"]] == ["broken"]


def test_list_of_an_absent_folder_exits_2(run, tmp_path):
    done = run("list", "--folder", tmp_path / "absent")
    assert done.exit_code == 2
    assert "no pack folder" in done.stderr
    assert (
        json.loads(run("list", "--folder", tmp_path / "absent", "--json").stdout)["error"]["code"] == "policy.pack_file"
    )


def test_folders_of_the_settings_are_searched(run, folder, monkeypatch):
    monkeypatch.setenv("CHOPMARK_PACK_FOLDERS", json.dumps([str(folder)]))
    assert "valid" in run("list").stdout


def test_show_prints_every_part(run):
    done = run("show", "cn-labeling-2025")
    assert done.exit_code == 0
    for text in (
        "incoming_marks",
        "too_small_for_legible_label",
        "AI生成",
        "GB 45438-2025 s5.2",
        "Measures Art. 10",
        "https://www.cac.gov.cn",
    ):
        assert text in done.stdout


def test_show_takes_a_file_and_json(run, folder):
    document = json.loads(run("show", folder / "valid.yaml", "--json").stdout)
    assert document["rules"][0]["when"].startswith("has(scores.nsfw)")
    assert document["obligations"][0]["parameters"] == {
        "text": "AI生成",
        "min_height_ratio": 0.05,
        "corner": "top_left",
    }
    assert document["effective_until"] == "2027-01-01"
    assert run("show", folder / "valid.yaml").exit_code == 0


def test_show_of_an_unknown_pack_suggests_and_exits_2(run):
    done = run("show", "baselin")
    assert done.exit_code == 2
    assert "did you mean 'baseline'?" in done.stderr


def test_check_passes_valid_files(run, folder):
    done = run("check", folder / "valid.yaml")
    assert done.exit_code == 0
    assert "ok, pack valid 1.2.3" in done.stdout


def test_check_prints_every_problem_of_every_file_and_exits_2(run, folder, tmp_path):
    broken = tmp_path / "types.yaml"
    broken.write_bytes((GOLDEN / "types.yaml").read_bytes())
    done = run("check", folder / "valid.yaml", broken, tmp_path / "absent.yaml")
    assert done.exit_code == 2
    expected = [f"{tmp_path}/{line}" for line in (GOLDEN / "types.txt").read_text(encoding="utf-8").splitlines()]
    lines = done.stdout.splitlines()
    assert lines[1:-1] == expected
    assert lines[-1] == f"no pack file {tmp_path / 'absent.yaml'}"


def test_check_refuses_a_name_that_another_pack_has(run, folder, tmp_path):
    (tmp_path / "baseline.yaml").write_bytes((BUILTIN_PACKS_DIR / "baseline.yaml").read_bytes())
    (tmp_path / "valid.yaml").write_bytes((folder / "valid.yaml").read_bytes())
    done = run("check", tmp_path / "baseline.yaml", folder / "valid.yaml", tmp_path / "valid.yaml")
    assert done.exit_code == 2
    own, first, second = done.stdout.splitlines()
    assert re.search(r"/baseline.yaml:\d+:\d+: another pack is named 'baseline' \(choose a name of its own\)$", own)
    assert first.endswith("ok, pack valid 1.2.3")
    assert "another pack is named 'valid'" in second
    assert run("check", BUILTIN_PACKS_DIR / "baseline.yaml").exit_code == 0


def test_check_as_json(run, folder, tmp_path):
    document = json.loads(run("check", folder / "valid.yaml", tmp_path / "absent.yaml", "--json").stdout)
    assert document["ok"] is False
    assert [item["ok"] for item in document["files"]] == [True, False]
    assert document["files"][0]["name"] == "valid"


def test_what_a_pack_says_is_printed_as_text_never_as_markup(run, folder):
    content = (GOLDEN / "valid.yaml").read_text(encoding="utf-8")
    (folder / "valid.yaml").write_text(
        content.replace("A pack with every part", "'[bold]x[/bold] <script>'"), encoding="utf-8"
    )
    assert "[bold]x[/bold] <script>" in run("show", folder / "valid.yaml").stdout
    assert "[bold]x[/bold] <script>" in run("list", "--folder", folder).stdout


@pytest.mark.parametrize("how", ["file", "pipe"])
def test_explain_says_what_packs_would_decide(run, tmp_path, how):
    path = tmp_path / "case.json"
    path.write_text(json.dumps(CASE), encoding="utf-8")
    arguments = ("explain", path) if how == "file" else ("explain", "-")
    done = run(*arguments, "--pack", "baseline", "--pack", "eu-ai-act-50", stdin=json.dumps(CASE))
    assert done.exit_code == 0
    assert (
        "held by baseline/thresholds.nsfw: the picture is not safe for work (nsfw: nsfw 0.62, limit 0.5)" in done.stdout
    )
    assert "Code of Practice Measure 1.1.2" in done.stdout


def test_explain_of_a_release_prints_the_marks_due(run):
    case = {"signals": [{**item, "scores": {}} for item in CASE["signals"]]}
    done = run("explain", "-", stdin=json.dumps(case))
    assert "released: no rule of baseline objects" in done.stdout
    assert "watermark" in done.stdout


def test_explain_as_json(run):
    document = json.loads(run("explain", "-", "--json", stdin=json.dumps(CASE)).stdout)
    assert document["decision"]["outcome"] == "hold"
    assert document["decision"]["packs"][0]["name"] == "baseline"
    assert document["explanation"]["reasons"][0]["rule"] == "baseline/thresholds.nsfw"


def test_explain_of_a_bad_case_teaches(run):
    done = run("explain", "-", stdin='{"signals": [{"detector": "nsfw", "score": 1}]}')
    assert done.exit_code == 2
    assert done.stderr.startswith("error case:1:44: signals.0.score: Extra inputs are not permitted")
