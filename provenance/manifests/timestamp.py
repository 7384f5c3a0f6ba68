"""RFC 3161 time-stamps: which authority is asked, and what its answer must have been.

c2pa-rs sends the request while it signs and refuses an answer whose imprint, nonce or signature is wrong. What it does
not refuse is an authority that nobody trusts; that is checked here, on the file that was written.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from provenance.errors import ConfigurationError, TimestampError
from provenance.manifests.report import ManifestReport, TimestampReport
from provenance.manifests.trust import TrustAnchors

# c2pa-rs 0.91, measured: how long it waits for an authority that does not answer; cannot be set from Python
DEADLINE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class TimestampAuthority:
    """A time-stamp authority.

    Attributes:
        url: http or https, without a user name or password in it.

    Raises:
        ConfigurationError: the address is not of that form.
    """

    url: str

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            host, has_password = parts.hostname, parts.username is not None
            _ = parts.port  # is checked when it is asked for
        except ValueError as exc:
            raise ConfigurationError("time-stamp authority's address is not a URL") from exc
        if parts.scheme not in {"http", "https"} or not host or has_password:
            raise ConfigurationError("time-stamp authority's address must be http(s)://host/..., without a user name")

    @property
    def host(self) -> str:
        """Name for messages."""
        return urlsplit(self.url).hostname or ""


def verify_timestamp(report: ManifestReport, authority: TimestampAuthority, trust: TrustAnchors) -> TimestampReport:
    """Check that a manifest just signed carries a time-stamp that holds, and return it.

    Raises:
        TimestampError: there is none, or `trust` names time-stamp roots and the authority is under none of them.
    """
    if report.timestamp is None:
        raise TimestampError(
            f"time-stamp authority {authority.host} was asked, but the manifest holds no valid time-stamp"
        )
    if trust.timestamp_pem and not report.timestamp.is_trusted:
        raise TimestampError(f"time-stamp authority {authority.host} is under none of the trusted time-stamp roots")
    return report.timestamp
