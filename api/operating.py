"""Settings of what runs beside the gate: how long things are kept, and how others are told."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

DAY_S: Final = 86_400.0


class Retention(BaseModel):
    """How many days things are kept; none for as long as the site stands. `chopmark sweep` lets go of what is older."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    originals_days: float | None = Field(default=None, ge=0)
    """Files and prompts of what was refused, after the decision that counts."""
    names_days: float | None = Field(default=None, ge=0)
    """File names of assets that were released or refused, after they came in."""
    events_days: float | None = Field(default=None, ge=0)
    """What webhooks were told, after it was heard or given up."""
    sessions_days: float | None = Field(default=None, ge=0)
    """When and by which browser people signed in, and links by which they did, after those ended."""
    reviewers_days: float | None = Field(default=None, ge=0)
    """Who decided about what was released or refused, after the decision that counts; the ledger's pseudonym stays."""
    evidence_days: float | None = Field(default=None, ge=0)
    """Boxes, spans, excerpts, reasons, notes and texts of appeals about it, after the same; scores and rules stay."""
    exports_days: float = Field(default=7.0, gt=0)
    """Files of exports, after they were made."""

    @property
    def exports_s(self) -> float:
        """The same in seconds."""
        return self.exports_days * DAY_S


class WebhookSettings(BaseModel):
    """How others are told what happened."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    private_networks: bool = False
    """Take endpoints inside of our own network, unencrypted and at any port, too."""
    disable_after_days: float = Field(default=5.0, gt=0)
    """An endpoint that hears nothing for so long is switched off."""
