"""Files made to hurt, down the whole line and through verification: no crash, no hang, nothing left, nothing executed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli import app
from api.wiring import open_site
from policies import gate
from policies.rules.decision import Outcome
from provenance.asset import MediaType
from provenance.ledger.canonical import canonical_json
from provenance.manifests.validation import read_manifest
from tests.hostile import TEXTS, HostileFile, hostile_files
from tests.sharing import make_once
from tests.sites import build_light_settings, encode, photograph, submission

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT.parent / "shared" / "data" / "c2pa-rs-fixtures"
MAX_CPU_S = 5

# The first test waits for two child processes that walk every file, as do those of another worker.
pytestmark = pytest.mark.timeout(900)
MAX_GROWTH_MIB = 1024


def files():
    yield from hostile_files()
    for path in sorted(FIXTURES.glob("*.*")) if FIXTURES.is_dir() else ():
        yield HostileFile(f"fixture-{path.name}", path.read_bytes(), path.name, "", "a fixture", acceptable=True)


def write_files(folders):
    """Deal the files out to the folders, one after the other."""
    for index, file in enumerate(files()):
        folder = folders[index % len(folders)]
        facts = {name: getattr(file, name) for name in ("name", "declared_name", "declared_type", "acceptable")}
        (folder / f"{index:04}.json").write_text(json.dumps({**facts, "error": file.error.__name__}), "utf-8")
        (folder / f"{index:04}.bin").write_bytes(file.data)


def walk_files(tmp_path_factory):
    """Return what became of every file, and of the two processes that met them all."""
    folders = [tmp_path_factory.mktemp("files") for _ in range(2)]
    write_files(folders)
    started = []
    for folder in folders:
        command = [sys.executable, "-m", "tests.end_to_end.hostile_child", str(folder / "home"), str(folder)]
        with (folder / "told").open("w") as told, (folder / "errors").open("w") as errors:
            started.append(subprocess.Popen(command, cwd=ROOT, stdout=told, stderr=errors))
    lines, processes = [], []
    for folder, process in zip(folders, started, strict=True):
        assert process.wait(900) == 0, (folder / "errors").read_text()[-3000:]
        told = [json.loads(line) for line in (folder / "told").read_text().splitlines() if line.startswith("{")]
        lines, processes = lines + told[:-1], [*processes, told[-1]]
    return lines, processes


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return make_once(tmp_path_factory, "hostile", lambda: walk_files(tmp_path_factory))


def failing(report, is_wrong):
    return {line["name"]: line for line in report[0] if is_wrong(line)}


def test_there_are_enough_of_them(report):
    names = [line["name"] for line in report[0]]
    assert len(names) == len(set(names)) >= 200


def test_each_ends_in_a_typed_error_or_a_result(report):
    """An error of intake; or a result, which for a file that is damaged is never a release."""

    def is_wrong(line):
        ended = line["release"]["ended"]
        if ended == "error":
            return "AssetError" not in line["release"]["bases"]
        return not line["acceptable"] or ended not in {"hold", "block", "release"}

    assert not failing(report, is_wrong)


def test_each_is_refused_for_the_right_reason(report):
    assert not failing(report, lambda line: not line["acceptable"] and line["error"] not in line["release"]["bases"])


def test_verification_answers_or_refuses_each(report):
    """Verification is told neither name nor type, so what is only mislabelled it can look at."""

    def is_wrong(line):
        ended = line["verify"]["ended"]
        return ended == "error" and "AssetError" not in line["verify"]["bases"]

    assert not failing(report, is_wrong)


def test_nothing_is_left_of_what_was_refused_and_only_originals_of_what_waits(report):
    def is_wrong(line):
        left = [Path(path) for path in line["left"]]
        if line["release"]["ended"] == "error":
            return bool(left)
        if line["release"]["ended"] == "release":
            return {path.parts[0] for path in left} != {"public"} or len(left) != 2
        return [(path.parts[0], path.name) for path in left] != [("quarantine", "original")]

    assert not failing(report, is_wrong)
    assert not failing(report, lambda line: line["gone"] or line["after_verify"] != line["left"])


@pytest.mark.parametrize("step", ["release", "verify"])
def test_none_keeps_the_machine_busy(report, step):
    """CPU time, which other work on the machine does not stretch."""
    assert not failing(report, lambda line: line[step]["cpu_s"] > MAX_CPU_S)


def test_memory_stays_bounded_over_all_of_them(report):
    assert len(report[1]) == 2
    assert all(process["growth_mib"] < MAX_GROWTH_MIB for process in report[1])


def test_no_message_repeats_what_a_file_says(report):
    texts = [text[:40] for name, text in TEXTS.items() if name != "long"]
    for line in report[0]:
        said = line["release"].get("text", "") + line["verify"].get("text", "")
        assert "\x1b" not in said, line["name"]
        assert "\0" not in said, line["name"]
        assert line["name"].startswith(("name-", "declared-", "type-")) or not [text for text in texts if text in said]


# texts that reach what others read


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site(build_light_settings(tmp_path_factory.mktemp("texts") / "home")) as opened:
        yield opened


@pytest.mark.parametrize("text", [text for name, text in TEXTS.items() if name != "long"], ids=lambda text: text[:12])
def test_texts_reach_neither_ledger_nor_manifest(site, text):
    here = site.deployment
    result = gate.release(
        here,
        submission(
            side=288, prompt=text, recipe={"digital_source_type": "trainedAlgorithmicMedia", "model_name": text}
        ),
    )
    assert result.outcome in {Outcome.RELEASE, Outcome.HOLD}
    bodies = b"".join(entry.body for entry in here.log.entries(subject=result.asset_id))
    assert canonical_json(text)[1:-1] not in bodies
    if result.outcome is Outcome.RELEASE:
        file = here.blobs.public.get(result.public_key)
        report = read_manifest(file, MediaType.JPEG, site.verifier._trust)
        title = report.crjson["manifests"][0]["claim.v2"]["dc:title"]
        assert title == f"{result.asset_id}.jpg"
        assert not [char for char in json.dumps(report.crjson, ensure_ascii=False) if char in "\x1b\0\u202e\u200b"]


def test_the_database_outlives_sql_in_every_field(site):
    here = site.deployment
    sql = TEXTS["sql"]
    handed_in = submission(
        side=288, prompt=sql, recipe={"model_name": sql, sql: sql, "digital_source_type": "digitalArt"}
    )
    gate.release(here, handed_in)
    assert "assets" in here.database.table_names()


def test_release_json_stays_one_line_safe_json(tmp_path, monkeypatch):
    """Hostile file names and metadata come out escaped: nothing moves a terminal's cursor or ends a script element."""
    from typer.testing import CliRunner

    settings = build_light_settings(tmp_path / "home")
    for name, value in (("HOME", settings.home), ("DETECTORS", '["prompt","incoming_marks","copyright"]'),
                        ("PACKS", '["light"]'), ("PACK_FOLDERS", json.dumps([str(ROOT / "tests" / "packs")]))):  # fmt: skip
        monkeypatch.setenv(f"CHOPMARK_{name}", str(value))
    names = [
        f"{index}{text.replace('/', '').replace(chr(0), '')[:60]}.jpg" for index, text in enumerate(TEXTS.values())
    ]
    for name in names:
        (tmp_path / name).write_bytes(encode(photograph(side=288), comment=name.encode()))
    done = CliRunner().invoke(
        app, ["release", *(str(tmp_path / name) for name in names), "--json", "-o", str(tmp_path / "out")]
    )
    assert done.exit_code == 0, done.output
    answers = json.loads(done.stdout)["results"]
    assert len(answers) == len(names)
    assert not [char for char in done.stdout if char < " " and char != "\n"]
    written = [path.name for path in (tmp_path / "out").iterdir()]

    assert all((tmp_path / "out" / name).resolve().parent == (tmp_path / "out").resolve() for name in written)
