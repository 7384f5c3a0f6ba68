"""Signing in by a provider of OpenID Connect: the code flow with PKCE, and an ID token that is checked here.

What the provider says of itself is believed because it came from the issuer that the settings name, over TLS; what a
browser brings back is believed because state, nonce and verifier are this site's own and taken once.
Source: OpenID Connect Core 1.0, Discovery 1.0; RFC 7636 (PKCE); RFC 9700 (best practice); RFC 9207 (issuer).
"""

import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from urllib.parse import quote, urlencode

from api.access.flow import begin_flow, take_flow
from api.access.refusals import ProviderError
from api.access.secret import build_token
from api.access_settings import OidcSettings
from provenance.journal import Journal
from provenance.storage.database import Database

KIND: Final = "provider"
CALLBACK: Final = "/sign-in/provider/callback"
# RFC 8725 s3.1: what this site accepts, whatever the token says; never "none", never a shared secret.
ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
LEEWAY_S: Final = 60
FRESH_S: Final = 3600
"""So long what the provider says of itself is not asked again."""
MOST_BYTES: Final = 1 << 20
TIMEOUT_S: Final = 10.0

_log = Journal(__name__)


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a provider vouches for.

    Attributes:
        subject: by which it knows them; never reused, unlike names and addresses.
        name: "" where it says none.
        email: only one that it says it has verified, else "".
        groups: in the claim that the settings name.
        to: where they wanted to go.
    """

    subject: str
    name: str
    email: str
    groups: frozenset[str]
    to: str


class Provider:
    """The provider that the settings name.

    Args:
        settings: with an issuer.
        origin: how people reach this server.
        database: where flows are kept.
    """

    def __init__(self, settings: OidcSettings, origin: str, database: Database) -> None:
        self._settings: Final = settings
        self._redirect: Final = f"{origin}{CALLBACK}"
        self._database: Final = database
        self._lock: Final = Lock()
        self._known: dict[str, tuple[float, dict[str, Any]]] = {}

    def begin(self, to: str) -> tuple[str, str]:
        """Return (address, state): where the browser is led, and what it has to bring back, bound to that browser.

        Raises:
            ProviderError: the provider cannot be asked, or what it says of itself is not right.
        """
        nonce, verifier = build_token(), build_token()
        state = begin_flow(self._database, KIND, {"nonce": nonce, "verifier": verifier, "to": to})
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._redirect,
            "scope": " ".join(self._settings.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        address = self._find_endpoint("authorization_endpoint")
        return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", state

    def finish(self, unverified: Mapping[str, str], *, state: str) -> Vouched:
        """Return whom the provider vouches for.

        Args:
            unverified: parameters that the browser brought back.
            state: what this browser was given when it was led away.

        Raises:
            ProviderError: it vouches for nobody, or what came is not the answer to what was asked.
        """
        brought = unverified.get("state", "")
        flow = take_flow(self._database, KIND, brought) if brought and brought == state else None
        if flow is None:
            raise ProviderError("what came back is not what this browser was sent for: begin anew")
        if unverified.get("iss", self._settings.issuer) != self._settings.issuer:
            raise ProviderError("another provider answered than the one that was asked")
        if "code" not in unverified:
            _log.warning("the provider refused", error=unverified.get("error", "")[:64])
            raise ProviderError("the provider did not vouch for anybody")
        tokens = self._exchange(unverified["code"], flow["verifier"])
        claims = self._verify(str(tokens.get("id_token", "")), flow["nonce"])
        return self._read(self._complete(claims, str(tokens.get("access_token", ""))), flow["to"])

    def _exchange(self, code: str, verifier: str) -> dict[str, Any]:
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "code_verifier": verifier,
        }
        secret, client = self._settings.client_secret, self._settings.client_id
        methods = self._describe().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        headers = {}
        if secret is None:
            body["client_id"] = client
        elif "client_secret_basic" in methods:
            # RFC 6749 s2.3.1: both are spelled as in a form first
            pair = f"{quote(client, safe='')}:{quote(secret.get_secret_value(), safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            body |= {"client_id": client, "client_secret": secret.get_secret_value()}
        return self._ask("POST", self._find_endpoint("token_endpoint"), data=body, headers=headers)

    def _verify(self, unverified_token: str, nonce: str) -> dict[str, Any]:
        """Check an ID token: signature, issuer, audience, times, and that it answers this flow (Core s3.1.3.7)."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        said = self._describe().get("id_token_signing_alg_values_supported", ["RS256"])
        allowed = [name for name in ALGORITHMS if name in said]
        client = self._settings.client_id
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": client},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            token = self._decode(unverified_token, allowed)
            registry.validate(token.claims)
        except (JoseError, ValueError, TypeError, KeyError) as exc:
            _log.warning("an id token does not hold", kind=type(exc).__name__)
            raise ProviderError("what the provider signed does not hold") from exc
        claims = dict(token.claims)
        if claims.get("azp", client) != client or (
            isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims
        ):
            raise ProviderError("what the provider signed is for somebody else")
        return claims

    def _decode(self, unverified_token: str, allowed: list[str]) -> Any:  # noqa: ANN401 - joserfc's own type
        """Decode by the keys that are known, and where they do not fit, by those that the provider has now."""
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        address = self._find_endpoint("jwks_uri")
        try:
            return jwt.decode(unverified_token, KeySet.import_key_set(self._recall(address)), algorithms=allowed)  # type: ignore[arg-type]  # JSON
        except (JoseError, ValueError, KeyError):
            keys = self._recall(address, max_age_s=LEEWAY_S)
            return jwt.decode(unverified_token, KeySet.import_key_set(keys), algorithms=allowed)  # type: ignore[arg-type]  # JSON

    def _complete(self, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
        """Add what the provider says of the same subject elsewhere, where the token is short."""
        wanted = {"email", "name", *filter(None, [self._settings.roles_claim])}
        if wanted <= claims.keys() or not access_token or "userinfo_endpoint" not in self._describe():
            return claims
        headers = {"Authorization": f"Bearer {access_token}"}
        more = self._ask("GET", self._find_endpoint("userinfo_endpoint"), headers=headers)
        if more.get("sub") != claims["sub"]:  # Core s5.3.2
            raise ProviderError("the provider speaks of somebody else than it signed for")
        return {**more, **claims}

    def _read(self, claims: Mapping[str, Any], to: str) -> Vouched:
        groups = claims.get(self._settings.roles_claim, []) if self._settings.roles_claim else []
        is_verified = claims.get("email_verified") in {True, "true"}
        return Vouched(
            subject=str(claims["sub"]),
            name=str(claims.get("name") or claims.get("preferred_username") or ""),
            email=str(claims.get("email") or "") if is_verified else "",
            groups=frozenset(map(str, groups)) if isinstance(groups, list) else frozenset({str(groups)}),
            to=to,
        )

    def _describe(self) -> dict[str, Any]:
        """Return what the provider says of itself."""
        issuer = self._settings.issuer
        found = self._recall(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:  # Discovery s4.3
            raise ProviderError("access.oidc.issuer is not what the provider calls itself")
        return found

    def _find_endpoint(self, name: str) -> str:
        address = self._describe().get(name)
        is_safe = isinstance(address, str) and (
            address.startswith("https://") or not self._settings.issuer.startswith("https://")
        )
        if not is_safe:
            raise ProviderError(f"the provider names no {name} behind https")
        return str(address)

    def _recall(self, address: str, *, max_age_s: float = FRESH_S) -> dict[str, Any]:
        """Return a document of the provider, asked again when it is too old."""
        with self._lock:
            at, document = self._known.get(address, (0.0, {}))
            if not document or time.monotonic() - at > max_age_s:
                document = self._ask("GET", address)
                self._known[address] = (time.monotonic(), document)
            return document

    def _ask(self, method: str, address: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's own
        """Ask the provider: no redirects, a bounded time and length, and JSON or nothing."""
        import httpx

        try:
            with (
                httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client,
                client.stream(method, address, **options) as answer,
            ):
                data = b""
                for part in answer.iter_bytes():
                    data += part
                    if len(data) > MOST_BYTES:
                        raise ProviderError("the provider's answer has no end")
                if answer.status_code != 200:
                    _log.warning("the provider refused", status=answer.status_code, path=answer.url.path)
                    raise ProviderError("the provider refused")
            document = httpx.Response(200, content=data).json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as exc:
            _log.warning("the provider cannot be asked", kind=type(exc).__name__)
            raise ProviderError("the provider cannot be asked now") from exc
        if not isinstance(document, dict):
            raise ProviderError("the provider's answer is no JSON object")
        return document
