"""How it stands with an asset in the line, and how much the line takes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from policies.line.records import FINAL_STAGES, Stage
from provenance.tenant import Tenant


class Priority(IntEnum):
    """Who goes first."""

    URGENT = 1
    NORMAL = 5
    BULK = 9


class State(StrEnum):
    """How it stands with a submission, for whoever waits for it."""

    QUEUED = "queued"
    AT_WORK = "at_work"
    STOPPED = "stopped"
    """No worker goes on: an operator has to look."""
    INTERRUPTED = "interrupted"
    """Outside of the queue; the next start of any process finishes it."""
    HELD = "held"
    BLOCKED = "blocked"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the line takes on.

    Attributes:
        slots: assets that one worker walks at a time.
        most: assets that all workers walk at a time; None for no bound.
        most_per_tenant: of one tenant; None for no bound. Where it is set, priorities hold within each tenant.
        tries: a worker begins with an asset so often; then it is held.
        poll_s: how often a worker looks for more.
        priorities: by tenant, 1 to 9, the lowest first; 5 for others.
    """

    slots: int = 2
    most: int | None = None
    most_per_tenant: int | None = None
    tries: int = 5
    poll_s: float = 0.1
    priorities: Mapping[Tenant, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Status:
    """Where an asset is.

    Attributes:
        state: in one word.
        stage: its last finished stage.
        tries: how often a worker began; 0 where it does not wait.
        ahead: how many are before it, while it is queued.
        reason: why it was stopped, or "".
    """

    state: State
    stage: Stage
    tries: int = 0
    ahead: int = 0
    reason: str = ""

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.stage in FINAL_STAGES
