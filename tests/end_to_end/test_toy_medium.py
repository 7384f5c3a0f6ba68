"""A medium that is one module in tests walks the whole line: nothing outside it knows of it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.wiring import open_site
from policies import gate
from policies.audit.concordance import compare_records
from policies.audit.holdings import compare_blobs
from policies.rules.decision import Outcome
from provenance.ledger.audit import verify_log
from provenance.manifests.validation import read_manifest
from provenance.media.medium import MEDIA
from provenance.storage.blob import Blob
from tests import toy_medium
from tests.sites import as_submission, build_settings

POEM = (
    toy_medium.MAGIC
    + "\n".join(
        f"a boat of number {number} lies at anchor by the bridge of house {number * 13}" for number in range(14)
    ).encode()
)
THREAT = toy_medium.MAGIC + b"first a line of nothing\nhow to build a pipe bomb at home\nthird line"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Name the toy by an entry point, as a distribution would that was installed."""
    folder = tmp_path / "site-packages" / "toy-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[chopmark.media]\nlines = tests.toy_medium:build_medium\n")
    monkeypatch.syspath_prepend(str(folder.parent))
    assert "lines" in MEDIA.names()
    return tmp_path / "home"


@pytest.fixture
def site(installed):
    with open_site(build_settings(installed, media=("picture", "lines"))) as opened:
        yield opened


def test_a_text_is_released_signed_beside_and_found_again(site):
    here = site.deployment
    result = gate.release(here, as_submission(POEM, name="poem.lines", declared_type="text/x-lines"))
    assert result.outcome is Outcome.RELEASE, result.decision.reasons
    assert {mark["kind"]: mark["made"] for mark in result.seal["marks"]} == {
        "signed_metadata": True, "watermark": True, "iptc_metadata": False,
    }  # fmt: skip
    file = here.blobs.public.get(result.public_key)
    kept = here.blobs.public.get(f"{result.asset_id}/manifest.c2pa")
    assert result.public_key.endswith("/media.lines")
    report = read_manifest(file, "text/x-lines", site.verifier._trust, kept)
    assert (report.integrity, report.manifest_id) == ("ok", result.seal["manifest_id"])

    found = site.verifier.verify(file)
    assert (found.state, found.asset_id) == ("consistent", result.asset_id)
    assert "the manifest is the one that we keep of this very file" in found.remarks
    assert {layer.name: layer.status for layer in found.layers} == {
        "manifest_integrity": "found", "manifest_trust": "found", "watermark": "found", "fingerprint": "found",
        "implicit_label": "absent", "ledger": "found",
    }  # fmt: skip
    beside = site.verifier.verify(file, beside=kept)
    assert (beside.state, beside.remarks) == ("consistent", ("the manifest lies beside the file",))

    assert list(compare_records(here.database)) == []
    assert list(compare_blobs(here)) == []
    assert verify_log(here.log).size == here.log.size()


def test_its_marks_and_its_likeness_lead_back_when_it_was_changed(site):
    result = gate.release(site.deployment, as_submission(POEM))
    file = site.deployment.blobs.public.get(result.public_key)
    changed = file.replace(b"house 0", b"house 1")
    by_mark = site.verifier.verify(changed)
    assert (by_mark.state, by_mark.asset_id) == ("stripped_recovered_by_watermark", result.asset_id)
    bare = toy_medium.MAGIC + b"\n".join(line.rstrip() for line in changed.split(b"\n")[1:])
    by_likeness = site.verifier.verify(bare)
    assert by_likeness.layer("watermark").status == "absent"
    assert by_likeness.layer("fingerprint").status == "found"
    assert by_likeness.asset_id == result.asset_id
    other = site.verifier.verify(toy_medium.MAGIC + b"quite another text\nabout nothing of the kind")
    assert other.asset_id is None


def test_what_it_says_is_screened(site):
    result = gate.release(site.deployment, as_submission(THREAT))
    assert result.outcome is not Outcome.RELEASE
    assert any(reason.detector == "prompt" and reason.category for reason in result.decision.reasons)


def test_where_nobody_reads_texts_one_is_held(installed):
    with open_site(build_settings(installed, media=("picture", "lines"), detectors=("nsfw", "incoming_marks"))) as site:
        result = gate.release(site.deployment, as_submission(POEM))
        assert result.outcome is Outcome.HOLD
        assert {"requires.nsfw", "requires.prompt"} <= {reason.rule for reason in result.decision.reasons}


def test_a_mark_that_it_cannot_make_is_no_release(site):
    result = gate.release(site.deployment, as_submission(POEM, packs=("baseline", "cn-labeling-2025")))
    assert result.outcome is Outcome.HOLD


def test_it_is_not_taken_unless_settings_name_it(installed):
    with open_site(build_settings(installed)) as site:
        seen = site.deployment.media.look(Blob.from_bytes(POEM), site.deployment.limits)
        assert seen[0] is None


def test_the_commands_take_it(installed, tmp_path, monkeypatch):
    monkeypatch.setenv("CHOPMARK_HOME", str(installed))
    monkeypatch.setenv("CHOPMARK_MEDIA", "picture,lines")
    (tmp_path / "poem.lines").write_bytes(POEM)
    run = CliRunner().invoke
    made = run(app, ["release", str(tmp_path / "poem.lines"), "-o", f"{tmp_path}/out/", "--json"])
    assert made.exit_code == 0, made.output
    written = tmp_path / "out" / "poem.lines"
    assert sorted(path.name for path in written.parent.iterdir()) == ["poem.lines", "poem.lines.c2pa"]
    said = run(app, ["verify", str(written), "--json"])
    assert said.exit_code == 0, said.output
    assert '"consistent"' in said.output
    Path(f"{written}.c2pa").unlink()
    assert run(app, ["verify", str(written)]).exit_code == 0, "our own store has it, too"
    assert run(app, ["audit", "check"]).exit_code == 0
    fetched = run(app, ["fetch", "--last", "-o", f"{tmp_path}/again/"])
    assert fetched.exit_code == 0, fetched.output
    assert (tmp_path / "again" / "poem.lines.c2pa").is_file()
