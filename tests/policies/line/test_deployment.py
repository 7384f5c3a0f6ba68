"""Which packs decide."""

from dataclasses import replace

import pytest

from policies.editing.shelf import choose
from provenance.errors import ConfigurationError


def test_the_default_packs_decide_when_none_is_named(here):
    assert [pack.name for pack in here.select_packs(())] == ["light"]


def test_named_packs_decide_in_the_order_named(here):
    assert [pack.name for pack in here.select_packs(("eu-ai-act-50", "baseline"))] == ["eu-ai-act-50", "baseline"]


@pytest.mark.parametrize(("names", "said"), [(("basline",), "got basline"), (("light", "x", "y"), "got x, y")])
def test_unknown_packs_are_named_beside_the_known_ones(here, names, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        here.select_packs(names)
    assert all(name in str(caught.value) for name in ("baseline, ", "eu-ai-act-50, ", "label, light"))


def test_no_pack_at_all_is_no_choice(here):
    with pytest.raises(ConfigurationError, match="got none"):
        replace(here, default_packs=()).select_packs(())


def test_the_operators_floor_decides_whatever_is_named_chosen_or_default(here):
    floored = replace(here, floor_packs=("baseline",))
    for names, decide in (
        ((), ("baseline", "light")),
        (("light",), ("baseline", "light")),
        (("eu-ai-act-50", "baseline"), ("baseline", "eu-ai-act-50")),
    ):
        assert tuple(pack.name for pack in floored.select_packs(names)) == decide
    choose(floored, ["label"], author="Ada", reason="less")
    assert floored.deciding == ("baseline", "label")
    choose(floored, ["light"], author="Ada", reason="as before")
