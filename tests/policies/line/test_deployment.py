"""Which packs decide."""

from dataclasses import replace

import pytest

from provenance.errors import ConfigurationError


def test_the_default_packs_decide_when_none_is_named(here):
    assert [pack.name for pack in here.select_packs(())] == ["light"]


def test_named_packs_decide_in_the_order_named(here):
    assert [pack.name for pack in here.select_packs(("eu-ai-act-50", "baseline"))] == ["eu-ai-act-50", "baseline"]


@pytest.mark.parametrize(("names", "said"), [(("basline",), "got basline"), (("light", "x", "y"), "got x, y")])
def test_unknown_packs_are_named_beside_the_known_ones(here, names, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        here.select_packs(names)
    assert "baseline, cn-labeling-2025, eu-ai-act-50, label, light" in str(caught.value)


def test_no_pack_at_all_is_no_choice(here):
    with pytest.raises(ConfigurationError, match="got none"):
        replace(here, default_packs=()).select_packs(())
