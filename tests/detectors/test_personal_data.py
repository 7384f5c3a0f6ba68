"""Personal data in text: what fits its check digits is found wherever it stands, what does not is not."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.checksums import IBAN_LENGTHS, ISSUERS, fits_luhn, fits_resident, mrz_digit
from detectors.personal_data import HIDDEN, Kind, Personal, find_personal, hide_personal

# Words that people write around numbers; none ends or begins in what could be part of one.
AROUND = st.sampled_from(
    [
        ("", ""),
        ("card: ", "."),
        ("身份证号", "，请核对"),
        ("（", "）"),
        ("no. ", " thanks"),
        ("号码：", "\n"),
        ("“", "”"),
        ("a, ", ", b"),
    ]
)


def kinds(text):
    return [(one.kind, text[one.start : one.end]) for one in find_personal(text)]


def grouped(number, sizes, separator):
    parts, at = [], 0
    for size in sizes:
        parts.append(number[at : at + size])
        at += size
    return separator.join([*parts, number[at:]] if at < len(number) else parts)


@st.composite
def residents(draw):
    region = draw(st.sampled_from(["110105", "310104", "440305", "621102", "810000"]))
    born = draw(st.dates(date(1901, 1, 1), date(2026, 12, 31))).strftime("%Y%m%d")
    body = f"{region}{born}{draw(st.integers(0, 999)):03d}"
    return next(body + check for check in "0123456789X" if fits_resident(body + check))


@st.composite
def cards(draw):
    first, last, lengths = draw(st.sampled_from([one for ranges in ISSUERS.values() for one in ranges]))
    prefix = str(draw(st.integers(int(first), int(last)))).rjust(len(first), "0")
    length = draw(st.sampled_from(lengths))
    body = prefix + draw(st.text("0123456789", min_size=length - len(prefix) - 1, max_size=length - len(prefix) - 1))
    return next(body + str(check) for check in range(10) if fits_luhn(body + str(check)))


@st.composite
def accounts(draw):
    country = draw(st.sampled_from(sorted(IBAN_LENGTHS)))
    size = IBAN_LENGTHS[country] - 4
    rest = draw(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=size, max_size=size))
    value = int("".join(str(int(sign, 36)) for sign in f"{rest}{country}00"))
    return f"{country}{98 - value % 97:02d}{rest}"


@st.composite
def zones(draw):
    letters = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=12)
    name = f"P<UTO{draw(letters)}<<{draw(letters)}".ljust(44, "<")[:44]
    number = draw(st.text("0123456789ABCDEFGHJK", min_size=6, max_size=9)).ljust(9, "<")
    born, ends = (draw(st.dates(date(1930, 1, 1), date(2039, 12, 31))).strftime("%y%m%d") for _ in range(2))
    checked = [f"{text}{mrz_digit(text)}" for text in (number, born, ends, "<" * 14)]
    whole = mrz_digit("".join(checked))
    return f"{name}\n{checked[0]}UTO{checked[1]}{draw(st.sampled_from('MF<'))}{checked[2]}{checked[3]}{whole}"


@given(residents(), AROUND, st.sampled_from(["", " ", "-"]))
def test_every_residents_number_is_found(number, around, separator):
    written = grouped(number, (6, 8, 4), separator)
    assert kinds(f"{around[0]}{written}{around[1]}") == [(Kind.IDENTITY_NUMBER, written)]


@given(residents(), AROUND, st.integers(1, 9))
def test_a_residents_number_with_a_wrong_check_is_none(number, around, by):
    wrong = number[:-1] + "0123456789X"[("0123456789X".index(number[-1]) + by) % 11]
    found = kinds(f"{around[0]}{wrong}{around[1]}")
    assert Kind.IDENTITY_NUMBER not in dict(found)


@given(cards(), AROUND, st.sampled_from(["", " ", "-"]))
def test_every_card_is_found(number, around, separator):
    written = grouped(number, (4, 4, 4), separator)
    assert (Kind.PAYMENT_CARD, written) in kinds(f"{around[0]}{written}{around[1]}") or fits_resident(number)


@given(cards(), AROUND, st.integers(0, 15), st.integers(1, 9))
def test_a_card_with_one_wrong_digit_is_none(number, around, place, by):
    place %= len(number)
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert Kind.PAYMENT_CARD not in dict(kinds(f"{around[0]}{wrong}{around[1]}"))


@given(accounts(), AROUND, st.booleans())
def test_every_account_is_found(account, around, is_grouped):
    written = grouped(account, (4,) * (len(account) // 4), " ") if is_grouped else account
    assert (Kind.BANK_ACCOUNT, written) in kinds(f"{around[0]}{written}{around[1]}")


@given(accounts(), AROUND, st.integers(1, 95))
def test_an_account_with_a_wrong_check_is_none(account, around, by):
    wrong = f"{account[:2]}{(int(account[2:4]) - 2 + by) % 97 + 2:02d}{account[4:]}"
    assert Kind.BANK_ACCOUNT not in dict(kinds(f"{around[0]}{wrong}{around[1]}"))


@given(zones(), st.sampled_from(["", " "]), st.sampled_from(["<", "«", "＜"]))
def test_every_zone_is_found_as_cameras_read_it(zone, gap, filler):
    read = gap.join(zone).replace("\n" + gap, "\n").replace("<", filler)
    found = find_personal(f"PASSPORT\n{read}\n")
    assert [one.kind for one in found] == [Kind.PASSPORT]
    assert found[0].is_checked


@given(zones(), st.sampled_from([9, 19, 27]), st.integers(1, 9))
def test_a_zone_with_a_wrong_digit_is_none(zone, place, by):
    first, second = zone.split("\n")
    wrong = second[:place] + str((int(second[place]) + by) % 10) + second[place + 1 :]
    assert Kind.PASSPORT not in dict(kinds(f"{first}\n{wrong}"))


def test_the_zones_of_the_standard():
    """ICAO Doc 9303-4, -5 and -6: a passport, an identity card of three lines, one of two."""
    passport = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
    small = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
    large = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"
    for zone, form in ((passport, "ICAO 9303"), (small, "ICAO 9303 TD1"), (large, "ICAO 9303")):
        (found,) = find_personal(zone)
        assert (found.kind, found.form) == (Kind.PASSPORT, form)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call 138 1234 5678 now", [(Kind.PHONE, "138 1234 5678")]),
        ("电话：13812345678", [(Kind.PHONE, "13812345678")]),
        ("+86 138-1234-5678", [(Kind.PHONE, "+86 138-1234-5678")]),
        ("(010) 62345678", [(Kind.PHONE, "(010) 62345678")]),
        ("0755-26771234", [(Kind.PHONE, "0755-26771234")]),
        ("+44 20 7946 0958", [(Kind.PHONE, "+44 20 7946 0958")]),
        ("+1 (212) 555-0123", [(Kind.PHONE, "+1 (212) 555-0123")]),
        ("(415) 555-2671", [(Kind.PHONE, "(415) 555-2671")]),
        ("jane.doe+x@mail.example.co.uk.", [(Kind.EMAIL, "jane.doe+x@mail.example.co.uk")]),
        ("邮箱zhang@example.cn。", [(Kind.EMAIL, "zhang@example.cn")]),
        ("SSN 536-90-4399", [(Kind.IDENTITY_NUMBER, "536-90-4399")]),
        ("ssn: 536904399", [(Kind.IDENTITY_NUMBER, "536904399")]),
        ("４１１１　１１１１　１１１１　１１１１", [(Kind.PAYMENT_CARD, "４１１１　１１１１　１１１１　１１１１")]),
        ("4111\u200b1111 1111\u200b1111", [(Kind.PAYMENT_CARD, "4111\u200b1111 1111\u200b1111")]),
        ("٤١١١١١١١١١١١١١١١", [(Kind.PAYMENT_CARD, "٤١١١١١١١١١١١١١١١")]),
        ("4111 1111 1111 1111 12/29 123", [(Kind.PAYMENT_CARD, "4111 1111 1111 1111")]),
        # another number of as many digits, and what looks like one
        ("12812345678", []),
        ("+000 1234 5678", []),
        ("+1 012 555 0123", []),
        ("2026-11-29 05:00", []),
        ("3.14159265358979323846", []),
        ("order 4111111111111112", []),
        ("a1b4111111111111111c", []),
        ("@handle and name@localhost", []),
        ("192.168.100.200", []),
        ("ISBN 978-0-306-40615-7", []),
        ("", []),
        ("666-12-3456", []),
    ],
)  # fmt: skip
def test_examples(text, expected):
    assert kinds(text) == expected


def test_prose_and_numbers_that_name_nobody():
    text = (
        "A market in 1999 with 12,500 visitors, 3 pm to 11 pm; version 2.13.0, 1024x1024 px, seed 4294967295, "
        "steps 50, guidance 7.5; 上海外滩，二零二六年十一月，高清 8K，编号 20261129001；#ff00aa; 51°30'26\"N"
    )
    assert find_personal(text) == ()


def test_nothing_of_what_was_found_is_kept_and_it_can_be_hidden():
    text = "卡号 4111-1111-1111-1111，jane@example.com"
    found = find_personal(text)
    assert "4111" not in repr(found)
    hidden = hide_personal(text, found)
    assert hidden == f"卡号 {'-'.join([HIDDEN * 4] * 4)}，{HIDDEN * 4}@{HIDDEN * 7}.{HIDDEN * 3}"
    assert find_personal(hidden) == ()
    assert found[0] == Personal(Kind.PAYMENT_CARD, "visa", 3, 22, is_checked=True)


@given(st.text(max_size=200))
def test_any_text_is_read_and_finds_do_not_overlap(text):
    found = find_personal(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    "unit", ["1", "4", "<", "1 ", "a@", "a.", "+1", "DE89", "DE89 ", "13812345678 ", "<<0", "A0<", "-", "(0", "١", "\n", "L898902C36UTO7408122F1204159ZE184226B"]
)  # fmt: skip
def test_a_long_text_takes_time_in_proportion(unit):
    """A reading that is not would outlast the time limit of the suite."""
    find_personal(unit * (100_000 // len(unit)))
