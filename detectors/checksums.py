"""Check digits of numbers that name a person: each function says whether digits fit, and knows nothing of text.

Sources stand above each. None of them says that a number was ever given out: one in ten, or fewer, fits by chance.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

# GB/T 2260: the first two digits of a resident's number, provinces and regions.
_REGIONS: Final = frozenset(
    re.findall("..", "1112131415212223313233343536374142434445465051525354616263646571818283"),
)
# GB 11643-1999 5: weights of the seventeen digits, and the check character for each remainder of 11.
_RESIDENT_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS: Final = "10X98765432"
# ICAO Doc 9303-3 4.9: weights repeat; letters count from 10, the filler as nothing.
_MRZ_WEIGHTS: Final = (7, 3, 1)
_MRZ_VALUES: Final[Mapping[str, int]] = {
    **{sign: value for value, sign in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")},
    "<": 0,
}

IBAN_LENGTHS: Final[Mapping[str, int]] = {
    entry[:2]: int(entry[2:])
    for entry in re.findall(
        "....",
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27"
        "GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22"
        "MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28"
        "TL23TN24TR26UA29VA22VG24XK20YE30",
    )
}
"""Characters of a whole IBAN by country: SWIFT's IBAN registry, release 99."""

Range = tuple[str, str, tuple[int, ...]]
ISSUERS: Final[Mapping[str, tuple[Range, ...]]] = {
    "visa": (("4", "4", (13, 16, 19)),),
    "mastercard": (("51", "55", (16,)), ("2221", "2720", (16,))),
    "american express": (("34", "34", (15,)), ("37", "37", (15,))),
    "diners club": (
        ("300", "305", (14, 16)),
        ("3095", "3095", (14, 16)),
        ("36", "36", (14, 16)),
        ("38", "39", (14, 16)),
    ),
    "discover": (("6011", "6011", (16, 19)), ("644", "649", (16, 19)), ("65", "65", (16, 19))),
    "jcb": (("3528", "3589", (16, 17, 18, 19)),),
    "unionpay": (("62", "62", (16, 17, 18, 19)), ("81", "81", (16, 17, 18, 19))),
    "mir": (("2200", "2204", (16, 17, 18, 19)),),
}
"""First digits, from and to, and lengths of what each network issues: ISO/IEC 7812-1 and the networks' own pages."""


def fits_luhn(digits: str) -> bool:
    """Say whether the last digit is the check digit of the others: ISO/IEC 7812-1 annex B."""
    total = 0
    for place, sign in enumerate(reversed(digits)):
        value = int(sign) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def find_issuer(digits: str) -> str:
    """Return the network that issues card numbers of this beginning and length, or ""."""
    for issuer, ranges in ISSUERS.items():
        for first, last, lengths in ranges:
            if len(digits) in lengths and first <= digits[: len(first)] <= last:
                return issuer
    return ""


def fits_resident(number: str) -> bool:
    """Say whether 18 signs are a Chinese resident's number: region, date of birth and check character, GB 11643."""
    if len(number) != 18 or not number[:17].isdigit() or number[:2] not in _REGIONS:
        return False
    if not is_date(number[6:14]):
        return False
    total = sum(weight * int(sign) for weight, sign in zip(_RESIDENT_WEIGHTS, number[:17], strict=True))
    return number[17] == _RESIDENT_CHECKS[total % 11]


def is_date(digits: str) -> bool:
    """Say whether YYYYMMDD is a day from 1900 up to 2099."""
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year < 2100
    except ValueError:
        return False


def fits_iban(account: str) -> bool:
    """Say whether capitals and digits are an IBAN: the country's length, and 97 by ISO 7064 (ISO 13616-1 6)."""
    if IBAN_LENGTHS.get(account[:2]) != len(account):
        return False
    turned = account[4:] + account[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def fits_social_security(digits: str) -> bool:
    """Say whether nine digits could be a US social security number; it has no check digit.

    Source: ssa.gov, "Social Security Number Randomization": no area 000, 666 or 9xx, no group 00, no serial 0000; and
    the two numbers that were printed on cards in wallets.
    """
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    if area in {"000", "666"} or area[0] == "9" or group == "00" or serial == "0000":
        return False
    return digits not in {"078051120", "219099999"}


def fits_mrz(fields: Sequence[tuple[str, str]]) -> bool:
    """Say whether each field of a machine-readable zone has the check digit beside it: ICAO Doc 9303-3 4.9.

    Args:
        fields: what is checked, of A-Z, 0-9 and the filler, and the digit; an empty field may have the filler.
    """
    return all(digit == mrz_digit(text) or (digit == "<" and not text.strip("<")) for text, digit in fields)


def mrz_digit(text: str) -> str:
    """Return the check digit of a field of a machine-readable zone."""
    return str(sum(_MRZ_WEIGHTS[place % 3] * _MRZ_VALUES[sign] for place, sign in enumerate(text)) % 10)
