"""A site whose released files lie in a bucket: released, fetched, verified, backed up and restored from there."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from api.wiring import open_site
from policies import gate
from policies.audit.concordance import compare_records
from policies.audit.holdings import compare_blobs
from policies.backup.restoring import restore_site, unpacked
from policies.backup.taking import take_backup
from policies.line.intake import intake
from policies.line.released import find_released, load_released
from policies.line.sweeping import find_leftovers, sweep
from policies.rules.decision import Outcome
from provenance.errors import BlobNotFoundError, SiteMismatchError, StoreError
from provenance.storage.blob import Blob
from provenance.storage.database import Database
from provenance.storage.store import Blobs, open_store
from tests.policies.backup.conftest import as_site
from tests.s3_server import BUCKET, PAGE, environment, serving_s3
from tests.sites import build_light_settings, submission


@pytest.fixture
def s3(monkeypatch):
    with serving_s3() as objects:
        for name, value in environment(objects).items():
            monkeypatch.setenv(name, value)
        yield objects


def test_blobs_large_and_small_come_and_go(s3):
    blobs = Blobs(f"s3://{BUCKET}/prefix")
    large = bytes(range(256)) * (80 << 10)  # 20 MiB: in parts
    blobs.put("a/large", Blob.from_bytes(large))
    blobs.put("a/small", b"small")
    assert any("partNumber=3" in one for one in s3.seen)
    assert blobs.open("a/large").sha256 == Blob.from_bytes(large).sha256
    assert (blobs.get("a/small"), blobs.has("a/small"), blobs.has("a/none")) == (b"small", True, False)
    for number in range(PAGE + 3):
        blobs.put(f"b/{number:03}", b"x")
    assert len(list(blobs.keys("b"))) == PAGE + 3
    blobs.delete("a/small")
    blobs.delete("a/small")
    with pytest.raises(BlobNotFoundError):
        blobs.get("a/small")
    assert s3.refused == 0


def test_another_key_is_refused_and_told_without_a_secret(s3, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret-than-that")
    with pytest.raises(StoreError) as caught:
        Blobs(f"s3://{BUCKET}/prefix").put("a", b"x")
    assert s3.refused > 0
    assert "another-secret" not in str(caught.value)


def test_a_site_releases_into_a_bucket_and_comes_back_from_a_backup(s3, tmp_path):
    settings = build_light_settings(tmp_path / "home", public_url=f"s3://{BUCKET}/public")
    with open_site(settings, quiet=True) as site:
        here = site.deployment
        done = gate.release(here, submission(side=288))
        assert done.outcome is Outcome.RELEASE
        with here.database.read() as connection:
            file = load_released(here.blobs.public, find_released(connection, done.asset_id))
        assert s3.stored[f"public/{done.public_key}"] == file.read(file.size_bytes)
        assert site.verifier.verify(file).state.value in {"consistent", "trusted"}
        take_backup(as_site(site), tmp_path / "site.tar")
    with open_site(settings, quiet=True):
        pass  # the marker in the bucket and the database are of one time
    with unpacked(tmp_path / "site.tar", tmp_path) as (manifest, folder):
        database = Database(f"sqlite:///{tmp_path / 'new.db'}")
        with pytest.raises(SiteMismatchError, match="holds files already"):
            restore_site(manifest, folder, database, open_store(tmp_path / "q", settings.public_url), tmp_path)
        restore_site(manifest, folder, database, open_store(tmp_path / "q", f"s3://{BUCKET}/other"), tmp_path)
        database.close()
    assert s3.stored[f"other/{done.public_key}"] == s3.stored[f"public/{done.public_key}"]


@pytest.fixture
def in_buckets(s3, tmp_path):
    """A site of which no blob lies on this machine."""
    places = {"public_url": f"s3://{BUCKET}/public", "quarantine_url": f"s3://{BUCKET}/quarantine"}
    with open_site(build_light_settings(tmp_path / "home", **places), quiet=True) as site:
        yield site


def stored_of(s3, side):
    """What lies in a bucket, but for the mark of the site."""
    return sorted(key for key in s3.stored if key.startswith(f"{side}/") and not key.endswith("/site"))


@contextmanager
def killed_at(monkeypatch, place):
    """End what is done within where it comes to a place."""
    with monkeypatch.context() as killed:
        killed.setattr(place, lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            yield


def test_a_kill_between_blob_and_row_leaves_an_orphan_and_no_asset(s3, in_buckets, monkeypatch):
    here, file = in_buckets.deployment, submission(side=288, prompt="a cup", key="k")
    with killed_at(monkeypatch, "policies.line.intake.keep_packs"):
        intake(here, file)
    orphans = find_leftovers(here, grace_s=0).orphans
    assert sorted(f"quarantine/{key}" for key in orphans) == stored_of(s3, "quarantine")
    assert {key.rpartition("/")[2] for key in orphans} == {"original", "prompt"}
    done = gate.release(here, file)
    assert done.outcome is Outcome.RELEASE
    sweep(here, grace_s=0)
    assert all(key.startswith("quarantine/bin/") for key in stored_of(s3, "quarantine"))
    assert [key for key in stored_of(s3, "public") if "/media" in key] == [f"public/{done.public_key}"]


def test_a_kill_between_the_public_file_and_its_row_is_finished_once(s3, in_buckets, monkeypatch):
    here = in_buckets.deployment
    with killed_at(monkeypatch, "policies.line.publishing.verify_counts"):
        gate.release(here, submission(side=288))
    before = stored_of(s3, "public")
    assert any("/media" in key for key in before), "the file is there, and its row says that it is not yet"
    (result,) = gate.resume(here)
    assert result.outcome is Outcome.RELEASE
    assert stored_of(s3, "public") == before
    assert stored_of(s3, "quarantine") == []
    assert list(compare_records(here.database)) == []
    assert list(compare_blobs(here)) == []


def test_many_threads_release_into_one_bucket(s3, in_buckets):
    here = in_buckets.deployment
    with ThreadPoolExecutor(4) as pool:
        files = [submission(side=200 + 8 * number) for number in range(6)]
        ended = list(pool.map(lambda file: gate.release(here, file), files))
    assert {one.outcome for one in ended} == {Outcome.RELEASE}
    assert sorted(f"public/{one.public_key}" for one in ended) == [
        key for key in stored_of(s3, "public") if "/media" in key
    ]
    assert stored_of(s3, "quarantine") == []
    assert list(compare_blobs(here)) == []
    assert s3.refused == 0
