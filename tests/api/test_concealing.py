"""A defect is told by its kind and place."""

import pytest

from api.concealing import find_place, run_concealing


def crash():
    raise ValueError("the prompt was: a heron in Zambonia")


@pytest.mark.parametrize("is_verbose", [True, False])
def test_a_defect_is_told_without_its_message(capsys, is_verbose):
    told = []

    def tell(message):
        told.append(message)
        return 2

    assert run_concealing(crash, tell, is_verbose=is_verbose) == 2
    assert told[0].startswith("a defect of chopmark: ValueError at test_concealing.py:")
    assert "Zambonia" not in told[0]
    assert ("Zambonia" in capsys.readouterr().err) is is_verbose


def test_what_ends_well_is_left_alone():
    assert run_concealing(lambda: 3, lambda _: 2, is_verbose=False) == 3
    with pytest.raises(KeyboardInterrupt):
        run_concealing(lambda: (_ for _ in ()).throw(KeyboardInterrupt), lambda _: 2, is_verbose=False)


def test_an_error_that_was_never_raised_has_no_place():
    assert find_place(ValueError()) == "an unknown place"
