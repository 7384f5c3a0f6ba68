"""Check digits, against numbers that their standards print."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.checksums import (
    IBAN_LENGTHS,
    ISSUERS,
    find_issuer,
    fits_iban,
    fits_luhn,
    fits_mrz,
    fits_resident,
    fits_social_security,
    is_date,
    mrz_digit,
)


@pytest.mark.parametrize(
    "digits", ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117", "79927398713"]
)
def test_luhn_of_published_test_numbers(digits):
    assert fits_luhn(digits)
    assert not fits_luhn(digits[:-1] + str((int(digits[-1]) + 1) % 10))


@given(st.text("0123456789", min_size=2, max_size=19), st.integers(0, 18), st.integers(1, 9))
def test_luhn_sees_every_single_wrong_digit(digits, place, by):
    whole = next(digits + str(check) for check in range(10) if fits_luhn(digits + str(check)))
    place %= len(whole)
    assert not fits_luhn(whole[:place] + str((int(whole[place]) + by) % 10) + whole[place + 1 :])


@pytest.mark.parametrize(
    ("digits", "issuer"),
    [
        ("4111111111111111", "visa"), ("5555555555554444", "mastercard"), ("2223003122003222", "mastercard"),
        ("371449635398431", "american express"), ("36227206271667", "diners club"), ("6011111111111117", "discover"),
        ("3566002020360505", "jcb"), ("6250941006528599", "unionpay"), ("2200000000000004", "mir"),
        ("9111111111111111", ""), ("41111111111111", ""), ("2721000000000000", ""),
    ],
)  # fmt: skip
def test_issuers(digits, issuer):
    assert find_issuer(digits) == issuer
    assert set(ISSUERS) >= {issuer} - {""}


# GB 11643-1999 annex: its two examples.
@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_standards_own_residents(number):
    assert fits_resident(number) == (number[6:8] != "18")


def test_a_resident_needs_a_region_and_a_birthday():
    assert fits_resident("11010519491231002X")
    assert not fits_resident("110105194912310020")
    assert not fits_resident("99010519491231002X")
    assert not fits_resident("11010519491331002X")
    assert not fits_resident("1101051949123100")
    assert is_date("20240229")
    assert not is_date("20230229")


# SWIFT's IBAN registry: its example of each country.
@pytest.mark.parametrize(
    "account",
    ["DE89370400440532013000", "GB29NWBK60161331926819", "FR1420041010050500013M02606", "NO9386011117947",
     "MT84MALT011000012345MTLCAST001S", "SA0380000000608010167519", "CH9300762011623852957"],
)  # fmt: skip
def test_the_registrys_own_accounts(account):
    assert fits_iban(account)
    assert not fits_iban(account[:-1])
    assert not fits_iban(account[:2] + f"{(int(account[2:4]) % 97) + 1:02d}" + account[4:])
    assert IBAN_LENGTHS[account[:2]] == len(account)


def test_social_security_numbers():
    assert fits_social_security("536904399")
    for digits in ("000123456", "666123456", "900123456", "123004567", "123450000", "078051120"):
        assert not fits_social_security(digits)


def test_the_machine_readable_zone_of_the_standard():
    """ICAO Doc 9303-4 appendix: L898902C3, 740812, 120415, and the personal number ZE184226B."""
    fields = (("L898902C3", "6"), ("740812", "2"), ("120415", "9"), ("ZE184226B<<<<<", "1"))
    assert fits_mrz(fields)
    assert fits_mrz((("<<<<<<<<<<<<<<", "<"),))
    assert not fits_mrz((("L898902C3", "<"),))
    assert not fits_mrz((("L898902C3", "7"),))
    assert mrz_digit("D23145890") == "7"
