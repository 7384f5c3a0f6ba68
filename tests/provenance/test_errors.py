import inspect

import pytest

from provenance import errors

CLASSES = [value for _, value in inspect.getmembers(errors, inspect.isclass) if value.__module__ == errors.__name__]


def test_codes_are_unique():
    codes = [error.code for error in CLASSES]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("error", CLASSES)
def test_every_error_is_a_gate_error_with_a_code_of_its_own(error):
    assert issubclass(error, errors.GateError)
    assert "code" in vars(error)
    assert isinstance(error.retryable, bool)


@pytest.mark.parametrize(
    "error", [c for c in CLASSES if issubclass(c, errors.AssetError) and c is not errors.AssetError]
)
def test_codes_of_asset_errors_say_so(error):
    assert error.code.startswith("asset.")
    assert not error.retryable


def test_details_are_kept():
    assert errors.VerificationError("x", codes=("assertion.dataHash.mismatch",)).codes == (
        "assertion.dataHash.mismatch",
    )
    assert errors.PackInvalidError(("a:1:1: x", "a:2:1: y")).problems == ("a:1:1: x", "a:2:1: y")
    assert str(errors.PackInvalidError(("a:1:1: x", "a:2:1: y"))) == "a:1:1: x\na:2:1: y"


def test_a_missing_extra_is_an_import_error_too():
    with pytest.raises(ImportError):
        raise errors.MissingExtraError("x")
