"""Settings of the durable line: how much workers take on, and when one counts as gone."""

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, model_validator

from provenance.tenant import Tenant

if TYPE_CHECKING:
    from policies.line.waiting import Limits


class LineSettings(BaseModel):
    """What the queue and its workers do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slots: int = Field(default=2, gt=0, le=64)
    """Assets that one worker walks at a time."""
    most: int | None = Field(default=None, gt=0)
    """Assets that all workers walk at a time; none for no bound."""
    most_per_tenant: int | None = Field(default=None, gt=0)
    """Assets of one tenant that all workers walk at a time; none for no bound."""
    tries: int = Field(default=5, gt=0, le=100)
    """A worker begins with an asset so often; then it is held for a person."""
    priorities: dict[Tenant, int] = Field(default_factory=dict)
    """By tenant, 1 to 9, the lowest first; 5 for others."""
    poll_s: float = Field(default=0.1, ge=0.01, le=60)
    """A worker with room looks for more so often."""
    silent_s: float = Field(default=60.0, ge=3)
    """A worker that was not heard of for so long is gone, and others go on with what it had."""
    grace_s: float = Field(default=30.0, ge=0)
    """A worker told to stop has so long, less than `silent_s`, to finish what it walks; the rest it gives back."""
    worker: str = Field(default="", max_length=80, pattern=r"^[A-Za-z0-9_.-]*$")
    """What workers of this machine are called, before their number; empty for the host's name."""

    @model_validator(mode="after")
    def _verify(self) -> "LineSettings":
        if self.most is not None:
            for name, value in {"slots": self.slots, "most_per_tenant": self.most_per_tenant}.items():
                if value is not None and value > self.most:
                    raise ValueError(f"expected {name} of at most most, got {value} with most of {self.most}")
        if self.grace_s >= self.silent_s:
            raise ValueError(
                f"expected grace_s of less than silent_s, got {self.grace_s:g} with silent_s of {self.silent_s:g}: "
                "a worker that stops would count as gone while it finishes"
            )
        if any(not 1 <= value <= 9 for value in self.priorities.values()):
            raise ValueError("expected priorities of 1 to 9")
        return self

    def build_limits(self) -> "Limits":
        """Build the bounds that the line keeps."""
        from policies.line.waiting import Limits

        return Limits(
            slots=self.slots,
            most=self.most,
            most_per_tenant=self.most_per_tenant,
            tries=self.tries,
            poll_s=self.poll_s,
            priorities=dict(self.priorities),
        )
