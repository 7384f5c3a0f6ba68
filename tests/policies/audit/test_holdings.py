"""Blobs that are those on record, and those that are not."""

import pytest

from policies import gate
from policies.audit.holdings import compare_blobs
from policies.line import intake
from policies.line.released import public_manifest_key
from policies.line.request import prompt_key
from tests.policies.deployments import SIDE
from tests.sites import submission

CASINO = "people at a roulette table in a casino"


@pytest.fixture
def found(here):
    return lambda asset_id: [item.text for item in compare_blobs(here) if item.subject == asset_id]


def test_what_is_as_it_was_is_no_finding(here, found):
    assert found(gate.release(here, submission(side=SIDE)).asset_id) == []
    assert found(gate.release(here, submission(side=SIDE, prompt=CASINO)).asset_id) == []


def test_released_files_are_compared(here, found):
    result = gate.release(here, submission(side=SIDE))
    here.blobs.public.put(result.public_key, b"exchanged")
    here.blobs.public.delete(public_manifest_key(result.asset_id))
    file, manifest = found(result.asset_id)
    assert "damaged or exchanged" in file
    assert "is gone" in manifest


def test_what_waits_is_compared(here, found):
    held = gate.release(here, submission(side=SIDE, prompt=CASINO)).asset_id
    here.blobs.quarantine.put(prompt_key(held), b"\xff\xff")
    assert "prompt" in found(held)[0]
    here.blobs.quarantine.delete(prompt_key(held))
    here.blobs.quarantine.put(intake.original_key(held), b"exchanged")
    assert [text.split(" ")[1] for text in found(held)] == ["asset's", "asset's"]


def test_what_is_readable_without_a_record_is_found(here, found):
    here.blobs.public.put("nobodys/media.png", b"smuggled")
    assert "no release on record" in found("nobodys")[0]
    here.blobs.public.delete("nobodys/media.png")
    result = gate.release(here, submission(side=SIDE))
    here.blobs.public.put(f"{result.asset_id}/original", b"smuggled")
    assert len(found(result.asset_id)) == 1
