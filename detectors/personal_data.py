"""Does a text hold what names or reaches one person: identity and card numbers, accounts, phones, e-mail?

Numbers with check digits count only where these fit, so a made-up number of the right length is none. The finder looks
at text as people read it: wide forms, digits of other scripts, spaces and hyphens in groups, invisible characters.
What is found is named by its kind and place; nothing here keeps or says the number itself.

Limits: a number that fits by chance is found (Luhn: one in ten of those an issuer might give out); phones and US
social security numbers have no check digit, so that their shape alone is told; names and addresses are not looked for.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from detectors.checksums import (
    IBAN_LENGTHS,
    find_issuer,
    fits_iban,
    fits_luhn,
    fits_mrz,
    fits_resident,
    fits_social_security,
)

HIDDEN: Final = "•"
"""Stands for a letter or digit of what was found, in a text that a person may see."""


class Kind(StrEnum):
    """What was found."""

    PASSPORT = "passport"
    """The machine-readable zone of a passport, visa or identity card."""
    IDENTITY_NUMBER = "identity_number"
    """A Chinese resident's or US social security number."""
    BANK_ACCOUNT = "bank_account"
    """An IBAN."""
    PAYMENT_CARD = "payment_card"
    """The number of a payment card."""
    PHONE = "phone"
    """A phone number: international, or of mainland China or North America."""
    EMAIL = "email"
    """An e-mail address."""


@dataclass(frozen=True, slots=True)
class Personal:
    """One find, at offsets [start, end) of the text as given.

    Attributes:
        kind: what it is.
        form: by which standard or network, such as ``GB 11643`` or ``visa``.
        start, end: its place.
        is_checked: check digits fit; else its shape alone says so.
    """

    kind: Kind
    form: str
    start: int
    end: int
    is_checked: bool


@dataclass(frozen=True, slots=True)
class _Plain:
    """A text as people read it, with the place of each of its signs in the text as given."""

    text: str
    places: tuple[int, ...]

    def place(self, start: int, end: int) -> tuple[int, int]:
        return self.places[start], self.places[end - 1] + 1


_Found = Iterator[tuple[str, int, int, bool]]

# A group of digits, parted from the next by one space or dash; letters or digits around it make it a name of a thing.
_DIGITS: Final = re.compile(r"(?<![0-9A-Za-z_])(?<![0-9][.,])[0-9](?:[ -]?[0-9])*(?![0-9A-Za-z_])(?![.,][0-9])")
_GROUP: Final = re.compile(r"[0-9]+")
_MOST_GROUPS: Final = 19
_CARD_DIGITS: Final = range(13, 20)
_RESIDENT: Final = re.compile(r"(?<![0-9A-Za-z])([0-9]{6})[ -]?([0-9]{8})[ -]?([0-9]{3})[ -]?([0-9Xx])(?![0-9A-Za-z])")
_IBAN: Final = re.compile(r"(?<![0-9A-Za-z])([A-Za-z]{2})[0-9]{2}(?=[ -]?[0-9A-Za-z])")
_SOCIAL: Final = re.compile(
    r"(?<![0-9A-Za-z-])(?<![0-9] )([0-9]{3})([ -])([0-9]{2})\2([0-9]{4})(?![0-9A-Za-z-])(?! [0-9])"
)
_SOCIAL_NAMED: Final = re.compile(
    r"(?i)\b(?:ssn|social security(?: (?:number|no\.?|#))?)[\s:#.]{0,3}([0-9]{9})(?![0-9A-Za-z])"
)
# MIIT, Telecommunication network numbering plan (2017): mobiles are 1, 3 to 9, and nine digits more.
_MOBILE: Final = re.compile(
    r"(?<![0-9A-Za-z+-])(?:(?:\+|00)86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}(?![0-9A-Za-z])(?!-[0-9])"
)
_LANDLINE: Final = re.compile(
    r"(?<![0-9A-Za-z+-])\(?0(?:10|2[0-9]|[3-9][0-9]{2})(?:\)[ ]?|[ -])[2-8][0-9]{6,7}(?![0-9A-Za-z])(?!-[0-9])"
)
# North American Numbering Plan: area and exchange begin with 2 to 9.
_NANP: Final = re.compile(
    r"(?<![0-9A-Za-z+-])(?:1[ .-])?(?:\([2-9][0-8][0-9]\) ?|[2-9][0-8][0-9][ .-])[2-9][0-9]{2}[ .-][0-9]{4}"
    r"(?![0-9A-Za-z])(?![.-][0-9])"
)
# ITU-T E.164 6.1: at most 15 digits, the country's code first.
_E164: Final = re.compile(r"(?<![0-9A-Za-z+])\+[1-9](?:[ ().-]{0,2}[0-9]){6,14}(?![0-9A-Za-z])")
_CODES: Final = re.compile(
    r"1|7|20|27|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|2[1-69][0-9]|3[578][0-9]|42[0-9]|5[09][0-9]|6[789][0-9]"
    r"|8[0578][0-9]|9[679][0-9]"
)
_EMAIL: Final = re.compile(
    r"(?<![0-9A-Za-z._%+-])[0-9A-Za-z][0-9A-Za-z._%+'-]{0,63}@(?:[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?\.){1,8}"
    r"[A-Za-z]{2,24}(?![0-9A-Za-z-])"
)
# ICAO Doc 9303-4 and -6: number, state, birth, sex and expiry stand alike in the last line of booklets and large cards.
# Readers take letters for digits; where only a digit can stand, it is put back.
_MISREAD: Final = str.maketrans("ODQILZSGB", "000112568")
_SURE_DIGIT: Final = "[0-9ODQILZSGB]"
_DATE: Final = f"([0-9ODQILZSGB<]{{6}})({_SURE_DIGIT})"
_BOOKLET: Final = re.compile(
    f"(?=([A-Z0-9<]{{9}})({_SURE_DIGIT}|<)[A-Z0-9<]{{3}}{_DATE}[MFX<]({_SURE_DIGIT}{{6}})({_SURE_DIGIT}))"
)
_SMALL_FIRST: Final = re.compile(f"[ACI][A-Z<][A-Z0-9<]{{3}}([A-Z0-9<]{{9}})({_SURE_DIGIT}|<)[A-Z0-9<]{{13,15}}$")
_SMALL_SECOND: Final = re.compile(f"{_DATE}[MFX<]({_SURE_DIGIT}{{6}})({_SURE_DIGIT})[A-Z0-9<]{{3}}[A-Z0-9<]{{10,12}}")
# What cameras and keyboards make of the filler: quotation marks, a kana, the wide sign.
_FILLERS: Final = str.maketrans(dict.fromkeys("\u00ab\u2039\u3008\u300a\u304f\uff1c", "<"))
# Unicode 16: hyphens, dashes, a bar and the minus sign.
_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"


def find_personal(text: str) -> tuple[Personal, ...]:
    """Return what names or reaches a person in `text`, by place; no two overlap.

    Takes time in proportion to the text's length.
    """
    plain = _read_plainly(text)
    found: list[Personal] = []
    taken = bytearray(len(plain.text))
    for kind, find in _FINDERS:
        for form, start, end, is_checked in find(plain.text):
            if any(taken[start:end]):
                continue
            taken[start:end] = b"\1" * (end - start)
            found.append(Personal(kind, form, *plain.place(start, end), is_checked))
    return tuple(sorted(found, key=lambda one: one.start))


def hide_personal(text: str, found: Sequence[Personal]) -> str:
    """Return `text` with every letter and digit of what was found hidden, for a person who has to see the rest."""
    signs = list(text)
    for one in found:
        for place in range(one.start, one.end):
            signs[place] = HIDDEN if signs[place].isalnum() else signs[place]
    return "".join(signs)


def _read_plainly(text: str) -> _Plain:
    """Fold each sign by itself, so that every place is known; what nobody sees is left out."""
    if text.isascii():
        return _Plain(text, tuple(range(len(text))))
    signs, places = [], []
    for place, sign in enumerate(text):
        folded = _fold(sign)
        if folded:
            signs.append(folded)
            places.append(place)
    return _Plain("".join(signs), tuple(places))


def _fold(sign: str) -> str:
    if sign.isascii():
        return sign
    category = unicodedata.category(sign)
    if category in {"Cf", "Mn", "Me"}:
        return ""
    if category == "Nd":
        return str(unicodedata.digit(sign))
    if sign in _DASHES:
        return "-"
    folded = unicodedata.normalize("NFKC", sign)
    return folded if len(folded) == 1 else sign


def _find_mrz(text: str) -> _Found:
    lines = list(_zone_lines(text))
    for at, (zone, places) in enumerate(lines):
        for one in _BOOKLET.finditer(zone):
            number, digit, *dates = one.groups()
            if _fits_zone(number, digit, dates):
                end = min(len(zone), one.start() + 44)
                yield "ICAO 9303", places[one.start()], places[end - 1] + 1, True
                break
        first = _SMALL_FIRST.match(zone)
        if first and at + 1 < len(lines):
            following, its_places = lines[at + 1]
            second = _SMALL_SECOND.search(following)
            if second and _fits_zone(first[1], first[2], second.groups()):
                yield "ICAO 9303 TD1", places[first.start()], its_places[second.end() - 1] + 1, True


def _fits_zone(number: str, digit: str, dates: Sequence[str]) -> bool:
    """Say whether number, birth and expiry fit their check digits; of the number, an O may be a zero."""
    birth, birth_digit, expiry, expiry_digit, checked = (one.translate(_MISREAD) for one in (*dates, digit))
    fields = ((birth, birth_digit), (expiry, expiry_digit))
    spelled = {number, number.replace("O", "0")}
    return bool(number.strip("<")) and any(fits_mrz(((one, checked), *fields)) for one in spelled)


def _zone_lines(text: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the lines that could be of a machine-readable zone, spaces left out, with their signs' places."""
    start = 0
    for line in text.splitlines(keepends=True):
        kept = [
            (sign, place) for place, sign in enumerate(line.translate(_FILLERS).upper(), start) if not sign.isspace()
        ]
        if len(kept) >= 28 and len(line.upper()) == len(line):
            yield "".join(sign for sign, _ in kept), tuple(place for _, place in kept)
        start += len(line)


def _find_resident(text: str) -> _Found:
    for one in _RESIDENT.finditer(text):
        if fits_resident("".join(one.groups()).upper()):
            yield "GB 11643", one.start(), one.end(), True


def _find_social(text: str) -> _Found:
    for one in _SOCIAL.finditer(text):
        if fits_social_security(one[1] + one[3] + one[4]):
            yield "US social security", one.start(), one.end(), False
    for one in _SOCIAL_NAMED.finditer(text):
        if fits_social_security(one[1]):
            yield "US social security", one.start(1), one.end(1), False


def _find_identity(text: str) -> _Found:
    yield from _find_resident(text)
    yield from _find_social(text)


def _find_ibans(text: str) -> _Found:
    for one in _IBAN.finditer(text):
        length = IBAN_LENGTHS.get(one[1].upper())
        if length is None:
            continue
        signs: list[str] = []
        end = one.start()
        while len(signs) < length and end < len(text):
            sign = text[end]
            if sign in " -" and signs and text[end - 1] not in " -":
                end += 1
                continue
            if not (sign.isascii() and sign.isalnum()):
                break
            signs.append(sign.upper())
            end += 1
        ends_there = end == len(text) or not (text[end].isascii() and text[end].isalnum())
        if ends_there and fits_iban("".join(signs)):
            yield "ISO 13616", one.start(), end, True


def _find_cards(text: str) -> _Found:
    for run in _DIGITS.finditer(text):
        groups = [(run.start() + one.start(), run.start() + one.end()) for one in _GROUP.finditer(run[0])]
        first = 0
        while first < len(groups):
            last = _find_card(text, groups[first : first + _MOST_GROUPS])
            if last is None:
                first += 1
                continue
            issuer, count = last
            yield issuer, groups[first][0], groups[first + count - 1][1], True
            first += count


def _find_card(text: str, groups: Sequence[tuple[int, int]]) -> tuple[str, int] | None:
    """Return who issues the longest card number that begins with the first group, and of how many groups it is."""
    digits, best = "", None
    for count, (start, end) in enumerate(groups, 1):
        digits += text[start:end]
        if len(digits) >= _CARD_DIGITS.stop:
            break
        if len(digits) in _CARD_DIGITS and (issuer := find_issuer(digits)) and fits_luhn(digits):
            best = issuer, count
    return best


def _find_phones(text: str) -> _Found:
    for one in _MOBILE.finditer(text):
        yield "mainland mobile", one.start(), one.end(), False
    for one in _E164.finditer(text):
        if _is_international(re.sub(r"[^0-9]", "", one[0])):
            yield "E.164", one.start(), one.end(), False
    for one in _NANP.finditer(text):
        yield "North American", one.start(), one.end(), False
    for one in _LANDLINE.finditer(text):
        yield "mainland landline", one.start(), one.end(), False


def _is_international(digits: str) -> bool:
    code = _CODES.match(digits)
    if code is None:
        return False
    if code[0] == "1":
        return len(digits) == 11 and digits[1] in "23456789" and digits[4] in "23456789"
    # The shortest numbers of a country have four digits after its code: E.164 annex A.
    return 7 <= len(digits) <= 15


def _find_emails(text: str) -> _Found:
    for one in _EMAIL.finditer(text):
        yield "RFC 5322", one.start(), one.end(), False


_FINDERS: Final[tuple[tuple[Kind, Callable[[str], _Found]], ...]] = (
    (Kind.PASSPORT, _find_mrz),
    (Kind.EMAIL, _find_emails),
    (Kind.IDENTITY_NUMBER, _find_identity),
    (Kind.BANK_ACCOUNT, _find_ibans),
    (Kind.PAYMENT_CARD, _find_cards),
    (Kind.PHONE, _find_phones),
)
"""The surest first: what one takes the next does not count again."""
