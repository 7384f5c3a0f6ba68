import pytest

from provenance.errors import PolicyError
from provenance.grant import PackRef
from tests.policies.samples import pack, rule, threshold


def test_a_pack_without_thresholds_and_rules_cannot_exist():
    with pytest.raises(PolicyError, match="neither thresholds nor rules"):
        pack(thresholds=[])


def test_a_pack_needs_only_one_of_them():
    assert pack(thresholds=[threshold()]).rules == ()
    assert pack(thresholds=[], rules=[rule("asset.width > 1")]).thresholds == ()


def test_ref_is_name_and_digest():
    made = pack("house")
    assert made.ref == PackRef(name="house", sha256=made.sha256)
