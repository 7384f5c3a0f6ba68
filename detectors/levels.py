"""Is anything to be heard in a sound, and is it as loud as it can be written? Levels alone: nobody listens.

Its answer does not count as having looked at a sound, so that what was only measured is held as what nobody heard. The
option ``enough`` has it count: whoever sets it releases sound whose words nobody knows. Source: `cards/levels.toml`.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from detectors.base import Signal, Status, Subject, Toolbox
from detectors.cards import Card, load_card
from provenance.asset import sha256_hex
from provenance.errors import ConfigurationError
from provenance.media.view import SOUND

if TYPE_CHECKING:
    from provenance.media.sound.sound import Sound

_SHOWS_PICTURES: Final = "width"
"""A fact that clips have, and sound has not: a soundtrack may well be silent."""


@dataclass(slots=True)
class LevelsDetector:
    """Scores silence and clipping. Options: ``enough``, whether a measured sound counts as one that was listened to."""

    toolbox: Toolbox
    card: Card = field(init=False)

    def __post_init__(self) -> None:
        if unknown := set(self.toolbox.options) - {"enough"}:
            raise ConfigurationError(f"detector 'levels' has no option {min(unknown)!r}; known: enough")
        enough = self.toolbox.options.get("enough", False)
        if not isinstance(enough, bool):
            raise ConfigurationError(f"detector 'levels': expected enough to be true or false, got {enough!r}")
        self.card = load_card("levels")
        if enough:
            version = sha256_hex(f"{self.card.version} enough".encode())[:16]
            self.card = replace(self.card, screens=(SOUND,), version=version)

    def warm(self) -> None:
        """Have nothing to load."""

    def detect(self, subject: Subject) -> Signal:
        """Answer about a sound, or a clip's soundtrack."""
        if subject.view.kind != SOUND:
            return Signal("levels", self.card.version, Status.NOT_APPLICABLE, reason="nothing is heard")
        sound: Sound = subject.view.carrier
        is_alone = _SHOWS_PICTURES not in subject.asset.facts
        scores = {
            "sound_silent": sound.silent if is_alone else 0.0,
            "sound_clipped": min(1.0, sound.clipped / self.card.thresholds["clipped"]),
        }
        measured = {
            "levels": {
                "peak": round(sound.peak, 4),
                "loudness": round(sound.loudness, 4),
                "silent": round(sound.silent, 4),
                "clipped": round(sound.clipped, 5),
            }
        }
        reason = f"{sound.silent:.0%} of it is silent, {sound.clipped:.2%} of its samples stand at full scale"
        return Signal("levels", self.card.version, Status.OK, scores, (measured,), reason)
