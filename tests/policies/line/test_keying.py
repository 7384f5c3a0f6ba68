"""A caller's key makes a submission one asset, within its tenant, and is refused for another request."""

import threading
from dataclasses import replace

import pytest

from policies.line import intake as module
from policies.line.intake import intake
from policies.line.keying import KEY_LIMIT, digest_request, find_key
from provenance.errors import AssetError, KeyReusedError
from provenance.tenant import Tenant
from tests.policies.deployments import SIDE, kept_of
from tests.sites import submission


def test_the_same_key_with_the_same_request_is_the_same_asset(here):
    handed_in = submission(side=SIDE, key="order-1", prompt="a cup")
    asset_id = intake(here, handed_in)
    assert intake(here, handed_in) == asset_id
    assert intake(here, replace(handed_in, name="named.jpg")) == asset_id, "a name is for people only"
    assert intake(here, replace(handed_in, key="order-2")) != asset_id


@pytest.mark.parametrize("change", [{"prompt": "a mug"}, {"context": {"tenant": "x"}}, {"recipe": {"seed": 1}}])
def test_the_same_key_with_another_request_is_told(here, change):
    handed_in = submission(side=SIDE, key=f"key-{sorted(change)}", prompt="a cup")
    asset_id = intake(here, handed_in)
    with pytest.raises(KeyReusedError, match="was used for another request") as told:
        intake(here, replace(handed_in, **change))
    assert asset_id in str(told.value)
    assert "cup" not in str(told.value)


@pytest.mark.parametrize("key", ["x" * (KEY_LIMIT + 1), "a\nb", "a\0", " padded"])
def test_a_key_that_cannot_be_kept_is_refused(here, key):
    with pytest.raises(AssetError, match="printable"):
        intake(here, submission(side=SIDE, key=key))


def test_the_digest_is_of_what_makes_another_request():
    first = submission(side=SIDE, packs=("a", "b"))
    assert digest_request(first) == digest_request(replace(first, packs=("b", "a"), name="x", key="y"))
    assert digest_request(first) != digest_request(replace(first, packs=("a",)))


def test_of_two_that_come_at_once_with_one_key_one_is_kept(here, monkeypatch):
    handed_in, met, kept = submission(side=SIDE, key="at-once"), threading.Barrier(2), []
    fix = module.fix_request

    def fix_together(*given):
        met.wait(timeout=60)
        return fix(*given)

    monkeypatch.setattr(module, "fix_request", fix_together)
    both = [threading.Thread(target=lambda: kept.append(intake(here, handed_in))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(set(kept)) == 1
    assert kept_of(here, kept[0]) == ["original"]


def test_a_key_is_found_without_what_was_asked_with_it_and_for_its_tenant_alone(here):
    asset_id = intake(here, submission(side=SIDE, key="gala 1", prompt="a cup"))
    with here.database.read() as connection:
        assert find_key(connection, here.tenant, "gala 1") == asset_id
        assert find_key(connection, here.tenant, "gala 2") is None
        assert find_key(connection, Tenant("somebody-else"), "gala 1") is None
