"""Read a file's C2PA manifest and say what holds; a bad manifest is a report, never an exception.

Trusts c2pa-rs for parsing and cryptography. Never uses the network: remote manifests are named, not fetched, and
revocation is not asked about.
"""

import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

import c2pa

from provenance.manifests.faults import HARD_BINDING_PREFIXES, TRUST_PREFIXES, describe_refusal
from provenance.manifests.ingredients import mapping, mappings
from provenance.manifests.reading import build_report
from provenance.manifests.report import Integrity, ManifestReport, Trust, ValidationState, clean_text
from provenance.manifests.trust import TrustAnchors
from provenance.storage.blob import Blob

__all__ = [
    "ManifestReport",
    "Presence",
    "build_settings",
    "locate_manifest",
    "read_bound_manifest",
    "read_manifest",
    "read_store",
]

# C2PA 2.4 s11.1.4: a claim store larger than this is not a picture's
MAX_DECOMPRESSED_MIB: Final = 32

# Of 64 MiB in the pieces that encoders make, GIF's the smallest, some 280,000.
MOST_READS: Final = 500_000

_REMOTE: Final = re.compile(r"must fetch remote manifests from url (\S{1,2048})")

# c2pa-rs 0.91: what it says of a file whose container it cannot walk, whether or not a manifest is in it
_UNSUPPORTED: Final = "type is unsupported"
_UNREADABLE_ASSET: Final = ("asset could not be parsed", _UNSUPPORTED, "could not parse")


# What c2pa-rs 0.91 holds in memory to look into it, JPEG twice; other types it reads piece by piece. Beyond what intake
# takes by default, 64 MiB, and the longest manifest, it is not asked.
_READ_WHOLE: Final = (b"\xff\xd8", b"%PDF", b"<", b"\xef\xbb\xbf<")
MOST_WHOLE_BYTES: Final = 96 << 20


class BoundedStream:
    """A file that can be read so many times and no more, as c2pa asks for files.

    c2pa-rs walks some containers byte by byte, each read a call into Python: a GIF of 2 MB in pieces of one byte takes
    it four million of them, and 9 s.

    Attributes:
        is_spent: it was read too often.
    """

    def __init__(self, file: "Blob | bytes") -> None:
        """Read `file` from its start."""
        opened = file.open() if isinstance(file, Blob) else io.BytesIO(file)
        self.read, self.seek, self.tell, self.flush = opened.read, opened.seek, opened.tell, opened.flush
        self._readinto: Callable[[Any], int] = opened.readinto  # type: ignore[attr-defined]  # of every binary file
        self.is_spent = False
        self._left = MOST_READS

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - whatever can be written into
        """Read as any file does, or raise OSError once that was done too often."""
        self._left -= 1
        if self._left < 0:
            self.is_spent = True
            raise OSError("read too often")
        return self._readinto(buffer)

    def write(self, _data: bytes) -> int:
        """Refuse: what is asked about is never written to."""
        raise OSError("this file is for reading")


def build_settings(trust: TrustAnchors, *, hosts: Sequence[str] = ()) -> dict[str, Any]:
    """Return c2pa's settings for reading and signing: offline but for `hosts`, trust as given, no thumbnail.

    Without its list of hosts c2pa-rs 0.91 asks the host of any ``did:web`` that a CAWG identity names, so that a
    stranger's file would decide whom we talk to.
    """
    return {
        "core": {
            "max_decompressed_manifest_size_in_mb": MAX_DECOMPRESSED_MIB,
            "allowed_network_hosts": list(hosts),
        },
        "verify": {
            "verify_after_reading": True,
            "verify_after_sign": False,
            "verify_trust": True,
            "verify_timestamp_trust": True,
            "ocsp_fetch": False,
            "remote_manifest_fetch": False,
        },
        "builder": {"thumbnail": {"enabled": False}},
        "trust": trust.build_settings(),
    }


def _is_too_large(unverified_file: Blob | bytes) -> bool:
    """Say whether c2pa would hold more of a file in memory than any file is worth."""
    if isinstance(unverified_file, bytes) or unverified_file.size_bytes <= MOST_WHOLE_BYTES:
        return False
    return unverified_file.read_at(0, 8).lstrip().startswith(_READ_WHOLE)


_located: Final[dict[tuple[str, str], "tuple[Presence, str]"]] = {}
_MOST_LOCATED: Final = 64


def _note_located(file: Blob | bytes, media_type: str, found: "tuple[Presence, str]") -> None:
    """Keep where a file's manifest is: a release asks of the file that came in up to three times, and so opens it once.

    That is a fact about bytes, which their digest names, and no judgement of them.
    """
    if isinstance(file, Blob):
        while len(_located) >= _MOST_LOCATED:
            _located.pop(next(iter(_located), ("", "")), None)
        _located[file.sha256, str(media_type)] = found


@cache
def _list_walkable() -> frozenset[str]:
    """Return the types of file that c2pa can look into."""
    return frozenset(c2pa.Reader.get_supported_mime_types())


def _is_walkable(media_type: str) -> bool:
    """Say whether a file of this type can have a manifest inside; "" is for c2pa to find out."""
    return not media_type or str(media_type) in _list_walkable()


def read_manifest(
    unverified_file: Blob | bytes, media_type: str, trust: TrustAnchors, manifest_bytes: bytes | None = None
) -> ManifestReport | None:
    """Return what the file's manifest says and whether it holds; None when the file has none.

    Args:
        unverified_file: the file; as bytes where it is in memory anyway.
        media_type: as found by content; "" to have c2pa find it, among more types than intake takes.
        trust: whom to trust.
        manifest_bytes: a manifest store kept elsewhere, to be checked against this file instead of an embedded one. A
            stripped or re-encoded file no longer matches its hash: `integrity` is then FAILED by the hard binding,
            while `is_signature_intact` says whether the manifest itself is as it was signed.

    Limits: says nothing about whether a manifest was removed; trust is judged now, offline, without revocation.
    """
    if manifest_bytes is None and not _is_walkable(media_type):
        return None
    if _is_too_large(unverified_file):
        return _build_unchecked("not checked: the file is too large for its type to be looked into", "")
    stream = BoundedStream(unverified_file)
    try:
        state, summary, crjson_text = _read(stream, media_type, trust, manifest_bytes)
    except c2pa.C2paError as exc:
        if stream.is_spent:
            return _build_unchecked("not checked: the file is in too many pieces", "")
        if isinstance(exc, c2pa.C2paError.ManifestNotFound):
            if manifest_bytes is None:
                _note_located(unverified_file, media_type, (Presence.NONE, ""))
            return None
        failure = _report_failure(type(exc).__name__.removeprefix("_C2pa"), str(exc))
        return replace(failure, is_embedded=manifest_bytes is None)
    if manifest_bytes is None:
        _note_located(unverified_file, media_type, (Presence.EMBEDDED, ""))
    return _parse(state, summary, crjson_text, is_embedded=manifest_bytes is None)


def read_bound_manifest(
    unverified_file: Blob | bytes, media_type: str, trust: TrustAnchors, manifest_bytes: bytes, binding: str
) -> ManifestReport | None:
    """Return what a manifest says that a file carries where c2pa does not look, such as in a text.

    c2pa checks everything but where the manifest stands in the file; `binding` says that, as a C2PA status code: one
    that ends in ``.match`` takes the place of c2pa's complaint, any other is a failure.
    """
    try:
        read = _read(BoundedStream(unverified_file), media_type, trust, manifest_bytes)
    except c2pa.C2paError as exc:
        return _report_failure(type(exc).__name__.removeprefix("_C2pa"), str(exc))
    return _parse(*read, is_embedded=True, binding=binding)


def _settle(parsed: dict[str, Any], crjson: dict[str, Any], binding: str) -> str:
    """Put what is known of the hard binding in the place of what c2pa found; return the state that follows."""
    reports = [mapping(mapping(parsed.get("validation_results")).get("activeManifest"))]
    reports += [mapping(one.get("validationResults")) for one in mappings(crjson.get("manifests"))[:1]]
    for report in (one for one in reports if isinstance(one, dict)):
        kept = [one for one in mappings(report.get("failure")) if not _is_hard_binding(one)]
        found = {"code": binding, "explanation": "the text around the manifest was held against its binding"}
        report["failure"] = kept if binding.endswith(".match") else [*kept, found]
    codes = [clean_text(one.get("code")) for one in mappings(reports[0].get("failure"))]
    said = {clean_text(one.get("code")) for one in mappings(reports[0].get("success"))}
    if any(not code.startswith(TRUST_PREFIXES) for code in codes) or not said:
        return ValidationState.INVALID.value
    return (ValidationState.TRUSTED if "signingCredential.trusted" in said else ValidationState.VALID).value


def _is_hard_binding(failure: Mapping[str, Any]) -> bool:
    return str(failure.get("code")).startswith(HARD_BINDING_PREFIXES)


def _read(
    stream: BoundedStream, media_type: str, trust: TrustAnchors, manifest_bytes: bytes | None
) -> tuple[str, str, str]:
    """Return c2pa's validation state, its summary and its crJSON."""
    context = c2pa.Context.from_dict(build_settings(trust))
    with c2pa.Reader(str(media_type), stream, manifest_bytes, context=context) as reader:
        return reader.get_validation_state() or "", reader.json(), reader.crjson()


def _parse(state: str, summary: str, crjson_text: str, *, is_embedded: bool, binding: str = "") -> ManifestReport:
    try:
        parsed, crjson = json.loads(summary), json.loads(crjson_text)
    except (ValueError, RecursionError):
        return _report_failure("Json", "the manifest's report is not JSON")
    if binding:
        state = _settle(parsed, crjson, binding)
    return build_report(state, parsed, crjson_text, crjson, is_embedded=is_embedded)


def read_store(unverified_file: Blob | bytes, media_type: str) -> bytes:
    """Return the manifest store embedded in a file, unverified and as it is; empty where there is none to be read."""
    if _is_too_large(unverified_file):
        return b""
    context = c2pa.Context.from_dict(build_settings(TrustAnchors()))
    store = io.BytesIO()
    try:
        with c2pa.Reader(str(media_type), BoundedStream(unverified_file), context=context) as reader:
            if reader.is_embedded():
                active = json.loads(reader.json()).get("active_manifest")
                reader.resource_to_stream(f"self#jumbf=/c2pa/{active}", store)
    except (c2pa.C2paError, ValueError, RecursionError):
        return b""
    return store.getvalue()


class Presence(StrEnum):
    """Where a file's manifest is."""

    NONE = "none"
    EMBEDDED = "embedded"
    REMOTE = "remote"
    """Named in the file, kept elsewhere."""
    UNREADABLE = "unreadable"
    """In the file, or the file itself, but too damaged to read."""


def locate_manifest(unverified_file: Blob | bytes, media_type: str) -> tuple[Presence, str]:
    """Return where the file's manifest is, and its address when that is elsewhere; fetches nothing, judges nothing."""
    if not _is_walkable(media_type):
        return Presence.NONE, ""
    if _is_too_large(unverified_file):
        return Presence.UNREADABLE, ""
    if isinstance(unverified_file, Blob) and (known := _located.get((unverified_file.sha256, str(media_type)))):
        return known
    found = _locate(unverified_file, media_type)
    _note_located(unverified_file, media_type, found)
    return found


def _locate(unverified_file: Blob | bytes, media_type: str) -> tuple[Presence, str]:
    context, stream = c2pa.Context.from_dict(build_settings(TrustAnchors())), BoundedStream(unverified_file)
    try:
        with c2pa.Reader(str(media_type), stream, context=context):
            return Presence.EMBEDDED, ""
    except c2pa.C2paError as exc:
        if isinstance(exc, c2pa.C2paError.ManifestNotFound) and not stream.is_spent:
            return Presence.NONE, ""
        remote = _REMOTE.search(str(exc))
        return (Presence.UNREADABLE, "") if remote is None else (Presence.REMOTE, remote[1])


def _report_failure(name: str, message: str) -> ManifestReport:
    remote = _REMOTE.search(message)
    if remote is not None:
        host = clean_text(_host(remote[1]))
        return _build_unchecked(f"not checked: remote manifest at {host}", host, remote[1])
    if any(text in message for text in _UNREADABLE_ASSET):
        unchecked = _build_unchecked(f"not checked: the file cannot be walked: {clean_text(message)}", "")
        return replace(unchecked, is_unwalkable=_UNSUPPORTED not in message)
    fault, failure = describe_refusal(name, message.removeprefix(f"{name}: "))
    return ManifestReport(
        validation_state=ValidationState.INVALID,
        integrity=Integrity.FAILED,
        trust=Trust.NOT_CHECKED,
        failure_codes=(failure.code,),
        note=clean_text(f"the manifest cannot be read: {message}"),
        fault=fault,
        failures=(failure,),
    )


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "an unnamed host"
    except ValueError:
        return "an unreadable address"


def _build_unchecked(note: str, host: str, url: str = "") -> ManifestReport:
    return ManifestReport(
        validation_state=ValidationState.NOT_CHECKED,
        integrity=Integrity.NOT_CHECKED,
        trust=Trust.NOT_CHECKED,
        remote_host=host,
        remote_url=url,
        note=note,
    )
