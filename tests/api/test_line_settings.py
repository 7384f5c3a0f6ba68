"""Bounds of the line that contradict each other stop the start."""

import pytest

from api.settings import load_settings
from provenance.errors import ConfigurationError


def test_the_bounds_are_those_that_were_set(tmp_path):
    line = {"slots": 3, "most": 4, "most_per_tenant": 2, "priorities": {"acme": 1}}
    limits = load_settings(home=tmp_path, line=line).line.build_limits()
    assert (limits.slots, limits.most, limits.most_per_tenant, limits.priorities) == (3, 4, 2, {"acme": 1})


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"slots": 3, "most": 2}, "expected slots of at most most, got 3 with most of 2"),
        ({"most": 2, "most_per_tenant": 3}, "expected most_per_tenant of at most most"),
        ({"priorities": {"acme": 10}}, "expected priorities of 1 to 9"),
        ({"worker": "a b"}, "line.worker"),
        ({"silent_s": 0}, "line.silent_s"),
        ({"silent_s": 10, "grace_s": 10}, "expected grace_s of less than silent_s, got 10 with silent_s of 10"),
    ],
)
def test_what_cannot_be_is_named(tmp_path, line, told):
    with pytest.raises(ConfigurationError, match=told):
        load_settings(home=tmp_path, line=line)
