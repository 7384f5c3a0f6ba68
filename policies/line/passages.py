"""A text that is still being written: which of it may be shown already, sentence by sentence.

Nothing is shown before it was screened. A passage ends where a sentence does; it is screened together with what was
shown right before it, by every detector that reads words alone, under the packs that decide. What any of them holds or
blocks is not shown, nor anything behind it. This is no release: the whole text walks the line at its end, and only what
comes of that carries marks, a manifest and an entry in the ledger. What was shown by then cannot be taken back.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from policies.line.deployment import Deployment
from policies.line.prompting import NO_ASSET
from policies.rules.conditions import build_variables
from policies.rules.context import parse_context
from policies.rules.decision import Reason
from policies.rules.engine import judge_passage
from provenance.asset import Asset, Digest, MediaType, Origin
from provenance.errors import DetectorUnavailableError, UnsupportedMediaError
from provenance.media.text.hidden import clean

PLAIN: Final = "text/plain"
WINDOW: Final = 4_000
"""Characters that are screened at a time: half of what the detector of prompts compares by meaning."""
MOST_WINDOWS: Final = 8
"""Of one call: what is left is shown by the next."""
OVERLAP: Final = 1_000
"""Characters shown before that are screened again with what follows, so that nothing hides across an edge."""
LONGEST: Final = 1_000
"""A sentence without an end is cut so far on, at a blank where it has one."""

# An end of a sentence with what closes it, and a blank or a line behind it; in Chinese and Japanese none is needed.
_END: Final = re.compile(
    r"[.!?\u2026]+[\"'\u201d\u2019)\]]*(?=\s)|[\u3002\uff01\uff1f]+[\u201d\u2019\u300d\u300f)]*|\n+"
)
_BLANK: Final = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Passage:
    """What may be shown now.

    Attributes:
        text: without what nobody sees; "" where nothing more may be shown yet.
        upto: how many characters of the text that came are shown or left out by now.
        reasons: why nothing behind it may be shown, strictest first; () where more may come.
    """

    text: str
    upto: int
    reasons: tuple[Reason, ...] = ()


def find_end(text: str, start: int, *, is_whole: bool = False) -> int:
    """Return where the last whole sentence behind `start` ends; all of it where no more comes, `start` for none."""
    if is_whole:
        return len(text)
    end = max((found.end() for found in _END.finditer(text, start) if found.end() < len(text)), default=start)
    if end == start and len(text) - start > LONGEST:
        blanks = [found.end() for found in _BLANK.finditer(text, start, start + LONGEST)]
        return blanks[-1] if blanks else start + LONGEST
    return end


def screen_passage(
    here: Deployment, text: str, start: int, *, packs: tuple[str, ...] = (), is_whole: bool = False
) -> Passage:
    """Return what of a text may be shown behind `start`, up to where it was shown before.

    Args:
        here: whose packs decide.
        text: from its first character on, as far as it is written.
        start: how much of it was shown.
        packs: that decide; the deployment's default where empty.
        is_whole: no more will come, so that the last sentence needs no end.

    Raises:
        ConfigurationError: an unknown pack is named.
        UnsupportedMediaError: this deployment takes no text.
        DetectorUnavailableError: nothing here reads words, so nothing can be shown.
    """
    if PLAIN not in {str(one) for medium in here.media for one in medium.types}:
        raise UnsupportedMediaError('texts are taken where the setting media names them: media = ["picture", "text"]')
    here.select_packs(packs)
    end, at = find_end(text, start, is_whole=is_whole), start
    end = min(end, start + MOST_WINDOWS * (WINDOW - OVERLAP))
    while at < end:
        upto = min(end, at + WINDOW - OVERLAP)
        reasons = _judge(here, clean(text[max(0, at - OVERLAP) : upto]), packs)
        if reasons:
            return Passage(clean(text[start:at]), at, reasons)
        at = upto
    return Passage(clean(text[start:end]), end)


def _judge(here: Deployment, window: str, packs: tuple[str, ...]) -> tuple[Reason, ...]:
    words = " ".join(window.split())  # a line that breaks within words hides nothing
    if not words:
        return ()
    signals = here.runner.run_prompt(words)
    if not signals:
        raise DetectorUnavailableError("no detector here reads words: enable prompt, or show nothing before the end")
    written = Asset(NO_ASSET, Digest(""), MediaType(PLAIN), len(window.encode()), {}, Origin.GENERATED)
    context = parse_context({}, decided_on=datetime.now(UTC).date(), timestamp_available=here.sealer.has_timestamp)
    variables = build_variables(written, signals, context)
    return judge_passage(signals, here.select_packs(packs), variables, context)
