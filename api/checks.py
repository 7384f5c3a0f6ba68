"""What a release needs, checked one by one; each finding says what to do."""

import platform
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from api.settings import Settings
from api.wiring import Site, open_site
from provenance.errors import GateError
from provenance.fingerprints.pdq import Pdq
from provenance.ledger.audit import verify_log

# Room for some hundred pictures of 64 megapixels with everything that is kept of them.
LEAST_FREE_BYTES: Final = 1 << 30
# A site may rest for months; a clock that is years off makes certificates that nobody can use.
LONG_REST: Final = timedelta(days=366)
OTHERS_MASK: Final = 0o077
# An entry from the future is never older than the clock's own error, unless the clock was set back.
CLOCK_TOLERANCE: Final = timedelta(minutes=5)
WHOLE_LEDGER_LIMIT: Final = 20_000
"""Entries that `doctor` rebuilds in about a second; `chopmark audit check` rebuilds any number."""


class Level(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    NOTE = "note"
    """Works, but somebody should know."""
    WRONG = "wrong"
    """Nothing should be released before it is put right."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: what was looked at, how it is to be taken, and one line for a person."""

    what: str
    level: Level
    text: str


def check_installation(settings: Settings, *, full: bool = False) -> Iterator[Check]:
    """Yield a finding for each part that a release needs; `full` looks at every record and file, however many."""
    from api.part_checks import check_parts

    yield Check("python", Level.OK, f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    name = settings.environment.value
    yield Check("environment", Level.OK, f"{name}, data in {settings.home}")
    yield check_disk(settings)
    yield check_keys(settings.keys_dir)
    yield check_kernels()
    parts = list(check_parts(settings))
    yield from parts
    if not any(check.what == "site" for check in parts):
        yield from _check_whole(settings, parts, full=full)
    if "ocr" not in settings.detectors:
        text = "ocr is off, so nothing that is written in pictures is read: pip install 'chopmark[ocr]'"
        yield Check("writing", Level.NOTE, text)
    if {"video", "sound"} & set(settings.media) and "speech" not in settings.detectors:
        text = "speech is off, so nobody hears what is said: pip install 'chopmark[speech]', and name it in detectors"
        yield Check("speech", Level.NOTE, text)
    if "clip" not in settings.detectors:
        text = "clip is off, so pictures are screened by nsfw only, and prompts by listed words: docs/detectors.md"
        yield Check("classifiers", Level.NOTE, text)
    elif not settings.detector_options.get("clip"):
        text = (
            "clip runs the embedded chop-clip: names of things and icons, no scenes: chopmark models pull clip ViT-B-32"
        )
        yield Check("classifiers", Level.NOTE, text)


def _check_whole(settings: Settings, parts: Sequence[Check], *, full: bool) -> Iterator[Check]:
    """Yield what shows when the parts work together; what one of them told already is not told again."""
    from api.fleet_checks import check_fleet
    from api.site_checks import check_holdings

    try:
        with open_site(settings, may_make=False) as site:
            yield from _check_site(site, full=full)
            yield from check_holdings(site.deployment, full=full)
            yield from check_fleet(site.deployment, silent_s=settings.line.silent_s)
            site.deployment.runner.warm()
            yield Check("detectors", Level.OK, ", ".join(settings.detectors))
    except GateError as exc:
        if not any(check.level is Level.WRONG and check.text == str(exc) for check in parts):
            yield Check(exc.code, Level.WRONG, str(exc))


def check_disk(settings: Settings) -> Check:
    """Check the room for data; a full disk stops the line before anything is lost, but it stops it."""
    place = settings.home
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    level = Level.OK if free >= LEAST_FREE_BYTES else Level.WRONG
    hint = "" if level is Level.OK else f", expected at least {LEAST_FREE_BYTES / 2**30:.0f} GiB: make room"
    return Check("disk", level, f"{free / 2**30:.1f} GiB free{hint}")


def check_keys(keys_dir: Path) -> Check:
    """Check that nobody but the owner can read a key."""
    files = [path for path in sorted(keys_dir.glob("*")) if path.is_file()] if keys_dir.is_dir() else []
    exposed = [path.name for path in files if path.stat().st_mode & OTHERS_MASK]
    if exposed:
        text = f"others can read {', '.join(exposed)}: replace them if they may have been read, then chmod 600"
        return Check("keys", Level.WRONG, text)
    return Check("keys", Level.OK, f"{len(files)} files, readable by their owner only" if files else "none made yet")


def check_kernels() -> Check:
    """Check that what marks and searches pictures is compiled and kept; compiles it where it is not."""
    from provenance.warming import are_kernels_warm, have_kernels_a_place, warm_kernels

    if not have_kernels_a_place():
        text = "each process compiles them anew, for a minute: set NUMBA_CACHE_DIR to a folder that can be written"
        return Check("compiled loops", Level.NOTE, text)
    if are_kernels_warm():
        return Check("compiled loops", Level.OK, "kept on disk")
    warm_kernels()
    return Check("compiled loops", Level.OK, "they were not on disk, and are now")


def _check_site(site: Site, *, full: bool) -> Iterator[Check]:
    settings, here = site.settings, site.deployment
    yield Check("watermark", Level.OK, f"{settings.watermark} embeds; {', '.join(settings.read_watermarks)} read")
    here.select_packs(())
    yield Check("packs", Level.OK, ", ".join(settings.packs))
    yield _check_ledger(site, full=full)
    yield _check_clock(site)
    yield _check_index(site)


def _check_ledger(site: Site, *, full: bool) -> Check:
    log = site.deployment.log
    size = log.size()
    if size > WHOLE_LEDGER_LIMIT and not full:
        log.checkpoint()
        return Check("ledger", Level.OK, f"{size} entries; chopmark audit check rebuilds all of them")
    try:
        summary = verify_log(log)
    except GateError as exc:
        return Check("ledger", Level.WRONG, f"{exc}: restore the database from a backup")
    return Check("ledger", Level.OK, f"all {summary.size} entries make the tree that was signed; {log.origin}")


def _check_clock(site: Site) -> Check:
    log = site.deployment.log
    size = log.size()
    now = datetime.now(UTC)
    if size and datetime.fromisoformat(log.entry(size - 1).created_at) - now > CLOCK_TOLERANCE:
        text = f"it is {now:%Y-%m-%d %H:%M} UTC here, but the ledger has a later entry: set the clock"
        return Check("clock", Level.WRONG, text)
    if size and now - datetime.fromisoformat(log.entry(size - 1).created_at) > LONG_REST:
        text = f"it is {now:%Y-%m-%d %H:%M} UTC here, and the ledger rests for more than a year: is the clock right?"
        return Check("clock", Level.NOTE, text)
    return Check("clock", Level.OK, f"{now:%Y-%m-%d %H:%M} UTC")


def _check_index(site: Site) -> Check:
    """Check that the match index opens; a damaged one is rebuilt from the database by the opening."""
    try:
        codes = site.deployment.works.size()
    except GateError as exc:
        path = site.settings.index_dir
        return Check("match index", Level.WRONG, f"{exc}: remove {path}, it is rebuilt from the database")
    return Check("match index", Level.OK, f"{codes} codes of works, {Pdq().bits}-bit")
