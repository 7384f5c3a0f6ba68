import numpy as np
import pytest

from bench.watermark.attacks import ATTACKS, EDITS, choose
from tests.bench.watermark.pictures import photograph


@pytest.fixture(scope="module")
def frame():
    return photograph()


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_returns_a_frame_and_leaves_its_input_alone(name, frame):
    before = frame.copy()
    frozen = frame.view()
    frozen.flags.writeable = False
    attacked = ATTACKS[name].apply(frozen, "astronaut")
    assert attacked.dtype == np.uint8
    assert attacked.ndim == 3
    assert attacked.shape[2] == 3
    assert min(attacked.shape[:2]) >= 32
    assert attacked.flags.c_contiguous
    assert attacked.flags.writeable
    assert not np.shares_memory(attacked, frame)
    assert np.array_equal(frame, before)


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_is_deterministic(name, frame):
    attack = ATTACKS[name]
    assert np.array_equal(attack.apply(frame, "a", 1), attack.apply(frame, "a", 1))


@pytest.mark.parametrize("name", [name for name, attack in ATTACKS.items() if attack.repeats > 1])
def test_repeats_and_pictures_differ_where_chance_has_a_part(name, frame):
    attack = ATTACKS[name]
    first, again, other = attack.apply(frame, "a", 0), attack.apply(frame, "a", 1), attack.apply(frame, "b", 0)
    assert not np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_study_is_its_36_attacks_and_none():
    names = [attack.name for attack in ATTACKS.values() if "study" in attack.suites]
    assert len(names) == 37
    assert names[:7] == ["none", "jpeg90", "jpeg75", "jpeg50", "jpeg30", "webp50", "resize75"]
    assert names[-1] == "crop50+rs.7+jpeg60"


def test_every_attack_but_none_changes_the_picture(frame):
    unchanged = {"none"}
    # 384 pixels are less than what these shrink to, and the frame is already below a messenger's limit.
    for name, attack in ATTACKS.items():
        same = np.array_equal(attack.apply(frame, "astronaut"), frame)
        assert same == (name in unchanged), name


def test_parameters_name_what_exists():
    for attack in ATTACKS.values():
        assert attack.edit in EDITS
        assert attack.suites <= {"study", "target", "waves"}
        assert attack.repeats in {1, 3}


def test_choose_takes_suites_families_names_and_patterns():
    assert len(choose("study")) == 37
    assert {attack.family for attack in choose("crop")} == {"crop"}
    assert [attack.name for attack in choose("jpeg75")] == ["jpeg75"]
    assert [attack.name for attack in choose("resize 0.4, bicubic;jpeg90")] == ["resize 0.4, bicubic", "jpeg90"]
    assert len(choose("study,study,jpeg*")) == 37 + sum(
        name.startswith("jpeg") and "study" not in attack.suites for name, attack in ATTACKS.items()
    )
    with pytest.raises(SystemExit, match="got 'unheard of'"):
        choose("study,unheard of")
