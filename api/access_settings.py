"""Settings of signing in: how long sessions last, and who else may vouch for people."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from api.access.identity import Role
from api.spelling import Names, TenantName
from provenance.tenant import MAIN

_LOOPBACK: Final = ("http://127.0.0.1", "http://localhost", "http://[::1]")


class OidcSettings(BaseModel):
    """A provider of OpenID Connect by which people sign in; its issuer is all that is needed to find it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = ""
    """Its URL, as its discovery document spells it; empty for none. Setting it makes signing in use the network."""
    client_id: str = ""
    """What the provider calls this site."""
    client_secret: SecretStr | None = None
    """What this site shows the provider; none for a public client."""
    name: str = "single sign-on"
    """What the button says."""
    scopes: Names = ("openid", "profile", "email")
    """What is asked for."""
    tenant: TenantName = MAIN
    """For whom those act who come by it."""
    roles_claim: str = ""
    """Claim of the ID token that lists groups; empty for the roles that people have here."""
    roles: dict[str, Names] = Field(default_factory=dict)
    """Roles by group, such as ``{"media-team": ["moderator"]}``; who is in none of them is not let in."""

    @field_validator("issuer")
    @classmethod
    def _verify_issuer(cls, value: str) -> str:
        if value and not value.startswith(("https://", *_LOOPBACK)):
            raise ValueError("expected an https URL: whoever reads along could sign in as anybody")
        return value

    @model_validator(mode="after")
    def _verify_whole(self) -> "OidcSettings":
        if self.issuer and not self.client_id:
            raise ValueError("access.oidc.issuer needs access.oidc.client_id")
        if bool(self.roles_claim) != bool(self.roles):
            raise ValueError("access.oidc.roles_claim and access.oidc.roles go together")
        unknown = sorted({role for roles in self.roles.values() for role in roles} - set(Role))
        if unknown:
            raise ValueError(f"no role is called {unknown[0]}: expected some of {', '.join(Role)}")
        return self


class AccessSettings(BaseModel):
    """How people sign in, and for how long."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    idle_s: float = Field(default=7_200.0, gt=0)
    """A session that is not used ends after so long."""
    session_s: float = Field(default=43_200.0, gt=0)
    """A session ends after so long, however busy it is."""
    link_s: float = Field(default=86_400.0, gt=0)
    """A sign-in link works for so long."""
    passwords: bool = True
    """Whether people sign in by passwords; without, by passkeys, a provider and links alone."""
    oidc: OidcSettings = OidcSettings()
