"""What codes say, and what of it worries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.payload import WORRIES, Sort, read_payload
from provenance.text import is_safe


@pytest.mark.parametrize(
    ("text", "sort", "worries"),
    [
        ("https://example.com/menu", Sort.LINK, ()),
        ("HTTPS://EXAMPLE.COM:443/MENU", Sort.LINK, ()),
        ("http://example.com/", Sort.LINK, ("not https",)),
        ("www.example.com", Sort.LINK, ("not https",)),
        ("example.com:8080/x", Sort.LINK, ("not https", "unusual port")),
        ("https://xn--pple-43d.com/login", Sort.LINK, ("look-alike host",)),
        ("https://аpple.com/login", Sort.LINK, ("look-alike host",)),
        ("https://bank.com@evil.example/", Sort.LINK, ("user in the address",)),
        ("https://192.168.0.1/admin", Sort.LINK, ("numeric host", "private host")),
        ("https://[::1]/", Sort.LINK, ("numeric host", "private host")),
        ("https://8.8.8.8/", Sort.LINK, ("numeric host",)),
        ("http://2130706433/", Sort.LINK, ("not https", "numeric host")),
        ("https://0x7f.1/", Sort.LINK, ("numeric host",)),
        ("https://router.local/", Sort.LINK, ("private host",)),
        ("https://intranet/", Sort.LINK, ("private host",)),
        ("https://bit.ly/3abcDEF", Sort.LINK, ("shortened",)),
        ("https:\\\\bank.com@evil.example", Sort.LINK, ("user in the address",)),
        ("ht\ntp://x", Sort.TEXT, ()),
        ("https://[broken/", Sort.LINK, ("not https", "malformed")),
        ("https:///nohost", Sort.LINK, ("malformed",)),
        ("javascript:alert(1)", Sort.LINK, ("runs something",)),
        ("intent://scan/#Intent;end", Sort.LINK, ("runs something",)),
        ("myapp://open?x=1", Sort.LINK, ("runs something",)),
        ("bitcoin:1BoatSLRHtKNngkdXEeobR76b53LETtpyT?amount=1", Sort.PAYMENT, ("payment",)),
        ("https://qr.alipay.com/fkx00000", Sort.PAYMENT, ("payment",)),
        ("wxp://f2f0abcdef", Sort.PAYMENT, ("payment",)),
        ("00020101021129370016A000000677010111", Sort.PAYMENT, ("payment",)),
        ("BCD\n002\n1\nSCT\n\nRed Cross\nBE72000000001616", Sort.PAYMENT, ("payment",)),
        ("SPC\n0200\n1\nCH4431999123000889012", Sort.PAYMENT, ("payment",)),
        ("WIFI:T:WPA;S:home;P:hunter22;;", Sort.SECRET, ("secret",)),
        ("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP", Sort.SECRET, ("secret",)),
        ("BEGIN:VCARD\nVERSION:3.0\nFN:Jane\nEND:VCARD", Sort.CONTACT, ("person",)),
        ("tel:+442079460958", Sort.CONTACT, ("person",)),
        ("4006381333931", Sort.NUMBER, ()),
        ("a word", Sort.TEXT, ()),
        ("write to jane@example.com", Sort.TEXT, ("person",)),
        ("", Sort.TEXT, ()),
        ("note: bring bread", Sort.TEXT, ()),
    ],
)
def test_payloads(text, sort, worries):
    payload = read_payload(text)
    assert (payload.sort, payload.worries) == (sort, worries)
    assert payload.length == len(text)
    assert set(payload.worries) <= set(WORRIES)


def test_of_a_link_scheme_host_and_path_are_shown_and_no_more():
    payload = read_payload("https://jane:hunter22@example.com/a/b?token=s3cret&q=1#frag")
    assert payload.shown.startswith("https://")
    assert "example.com/a/b" in payload.shown
    for hidden in ("jane", "hunter22", "s3cret"):
        assert hidden not in payload.shown


def test_a_number_of_a_person_in_a_link_is_hidden_and_worries():
    payload = read_payload("https://example.com/u/jane.doe@example.org/4111111111111111")
    assert "person" in payload.worries
    assert "jane.doe" not in payload.shown
    assert "4111" not in payload.shown


def test_what_is_not_a_link_is_not_shown():
    for text in ("WIFI:T:WPA;S:home;P:hunter22;;", "tel:+442079460958", "BEGIN:VCARD\nFN:Jane\nEND:VCARD", "a secret"):
        assert len(read_payload(text).shown) <= 8


@given(
    st.text(max_size=300)
    | st.text(max_size=100).map(lambda text: f"https://example.com/{text}")
    | st.text(max_size=60).map(lambda text: f"http://{text}")
)
def test_any_payload_is_judged_and_safe_to_show(text):
    payload = read_payload(text)
    assert is_safe(payload.shown)
    assert len(payload.shown) <= 121
