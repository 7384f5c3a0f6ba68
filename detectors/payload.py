"""What does a machine-readable code say, and where does it lead whoever scans it?

Trusts nothing: a payload is text of a stranger. Links are judged by what stands in them, and nobody is asked; what may
be shown of them is escaped, cut, and without user names, queries and numbers of persons. Of any other payload only its
kind and length are told. Source: RFC 3986 and 3492; EMVCo, QR Code Specification for Payment Systems, merchant-
presented; EPC069-12 (SEPA); Swiss Implementation Guidelines QR-bill; MECARD and WIFI as ZXing documents them.
"""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, urlsplit

from detectors.personal_data import find_personal, hide_personal
from provenance.storage.scrubbing import redact
from provenance.text import show

_SHOWN_CHARS: Final = 120


class Sort(StrEnum):
    """What a payload is."""

    LINK = "link"
    PAYMENT = "payment"
    """Asks for money: a merchant's or bank's code, or a coin's address."""
    SECRET = "secret"  # noqa: S105 - a kind, no secret
    """Gives something away: a network's password, a second factor."""
    CONTACT = "contact"
    """Names or calls a person: a card, a phone number, a mail address."""
    NUMBER = "number"
    """Digits alone, as on goods."""
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Payload:
    """What a code says.

    Attributes:
        sort: what it is.
        shown: of a link, as much as may be shown of it on one line; else "".
        length: characters.
        worries: why a person should look before it goes out, by name; see `WORRIES`.
    """

    sort: Sort
    shown: str
    length: int
    worries: tuple[str, ...]


WORRIES: Final = (
    "payment", "secret", "person", "runs something", "not https", "user in the address", "look-alike host",
    "numeric host", "private host", "shortened", "unusual port", "malformed",
)  # fmt: skip
"""What may be wrong with a payload, the gravest first."""

_SCHEMES: Final = (
    (
        frozenset({
            "alipay", "alipays", "bitcoin", "bitcoincash", "dogecoin", "ethereum", "lightning", "litecoin", "monero",
            "payto", "phonepe", "solana", "tron", "upi", "wxp", "zcash",
        }),
        Sort.PAYMENT,
        "payment",
    ),
    (frozenset({"dpp", "otpauth", "otpauth-migration", "ssh", "wifi"}), Sort.SECRET, "secret"),
    (
        frozenset({
            "begin", "bizcard", "facetime", "mailto", "matmsg", "mecard", "mmsto", "sms", "smsto", "tel", "whatsapp",
        }),
        Sort.CONTACT,
        "person",
    ),
    (frozenset({"data", "intent", "javascript", "vbscript"}), Sort.LINK, "runs something"),
)  # fmt: skip
_WEB: Final = frozenset({"http", "https"})
_PAYMENT_HOSTS: Final = ("qr.alipay.com", "payapp.weixin.qq.com", "wx.tenpay.com", "paypal.me", "cash.app", "venmo.com")
# Services that hide where a link leads, by their own word.
_SHORTENERS: Final = frozenset({
    "bit.ly", "buff.ly", "cutt.ly", "dwz.cn", "goo.gl", "is.gd", "lnkd.in", "ow.ly", "qrco.de", "rb.gy", "rebrand.ly",
    "s.id", "shorturl.at", "suo.im", "t.cn", "t.co", "t.ly", "tiny.cc", "tinyurl.com", "u.nu", "url.cn", "v.gd",
})  # fmt: skip
# RFC 6761 and 8375, and what routers answer to.
_PRIVATE_NAMES: Final = (
    "localhost",
    "local",
    "internal",
    "lan",
    "home",
    "home.arpa",
    "test",
    "invalid",
    "onion",
    "i2p",
)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}):")
_BARE_HOST: Final = re.compile(r"(?i)(?:www\.)?(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}(?:[/?#:]\S*)?$")
_NUMERIC_HOST: Final = re.compile(r"(?i)(?:0x[0-9a-f]+|[0-9]+)(?:\.(?:0x[0-9a-f]+|[0-9]+)){0,3}\.?")
# EMVCo 4.2: payload format indicator 01; EPC069-12: service tag BCD; Swiss QR-bill: SPC.
_PAYMENT_TEXTS: Final = re.compile(r"000201[0-9]{2}|BCD\r?\n00[12]|SPC\r?\n0200")


def read_payload(text: str) -> Payload:
    """Judge the text of a code.

    Limits: where a link redirects is not known, since nobody follows it; a harmless host may be a taken-over one.
    """
    said = text.strip()
    scheme = _SCHEME.match(said)
    name = scheme[1].lower() if scheme else ""
    if name in _WEB or (not name and _BARE_HOST.fullmatch(said)) or _is_host_and_port(said):
        return _judge_link(said if name in _WEB else f"http://{said}", len(text))
    shown = f"{name}:" if name else ""
    if _PAYMENT_TEXTS.match(said):
        return Payload(Sort.PAYMENT, "", len(text), ("payment",))
    for schemes, sort, worry in _SCHEMES:
        if name in schemes:
            return Payload(sort, shown, len(text), (worry,))
    if name and said[len(name) + 1 :].startswith("//"):
        return Payload(Sort.LINK, shown, len(text), ("runs something",))
    return Payload(
        Sort.NUMBER if said.isdigit() else Sort.TEXT, "", len(text), ("person",) if find_personal(said) else ()
    )


def _is_host_and_port(said: str) -> bool:
    """Say whether what looks like a scheme is a host before a port, as cameras take it: example.com:8080/x."""
    host, colon, rest = said.partition(":")
    return bool(colon and "." in host and rest[:1].isdigit() and _BARE_HOST.fullmatch(said))


def _judge_link(link: str, length: int) -> Payload:
    # What browsers do before they read an address: WHATWG URL 4.4, tabs and line ends go, and "\" counts as "/".
    plain = re.sub(r"[\t\r\n]", "", link).replace("\\", "/")
    try:
        parts = urlsplit(plain)
        port = parts.port
    except ValueError:
        return Payload(Sort.LINK, "", length, ("not https", "malformed"))
    host = (parts.hostname or "").rstrip(".")
    worries = set(_judge_host(host))
    if parts.scheme.lower() != "https":
        worries.add("not https")
    if parts.username is not None or parts.password is not None:
        worries.add("user in the address")
    if port not in {None, 80, 443}:
        worries.add("unusual port")
    if find_personal(f"{parts.path} {parts.query} {parts.fragment}"):
        worries.add("person")
    pays = any(host == one or host.endswith(f".{one}") for one in _PAYMENT_HOSTS)
    if pays:
        worries.add("payment")
    ordered = tuple(worry for worry in WORRIES if worry in worries)
    return Payload(Sort.PAYMENT if pays else Sort.LINK, _show_link(parts), length, ordered)


def _judge_host(host: str) -> set[str]:
    if not host:
        return {"malformed"}
    if not host.isascii() or any(label.startswith("xn--") for label in host.split(".")):
        return {"look-alike host"}
    if host in _SHORTENERS:
        return {"shortened"}
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if _NUMERIC_HOST.fullmatch(host):
            return {"numeric host"}
        named = any(host == one or host.endswith(f".{one}") for one in _PRIVATE_NAMES) or "." not in host
        return {"private host"} if named else set()
    return {"numeric host"} if address.is_global else {"numeric host", "private host"}


def _show_link(parts: SplitResult) -> str:
    """Return scheme, host and path, escaped and cut; a query, a user's name and numbers of persons are hidden."""
    link = redact(parts._replace(scheme=parts.scheme.lower()).geturl())
    link = show(hide_personal(link, find_personal(link)))
    return link if len(link) <= _SHOWN_CHARS else f"{link[:_SHOWN_CHARS]}…"
