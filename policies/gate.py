"""The line that every asset walks before release.

Every output of the generation core passes content classifiers, invisible watermarking, C2PA manifest signing and the
copyright registry, in this order, or it does not leave:

    (1) intake    unverified bytes -> Asset: type by content, bounds, digest; blob kept in quarantine
    (2) screen    detectors answer about the asset and its prompt; a crash or time-out is a FAILED signal
    (3) decide    packs + signals -> Decision: RELEASE, HOLD or BLOCK, with every reason and the marks demanded
    (4) withhold  HOLD waits for a moderator, BLOCK is refused; both are results, recorded
    (5) grant     names exactly these bytes, packs and marks; nothing below works without it
    (6) seal      watermark, label, encode, sign, then read back what will really ship; a mismatch holds
    (7) record    ledger entry, manifest, fingerprints and soft bindings in one transaction
    (8) publish   the sealed blob becomes readable; nothing earlier ever is

Each stage is an idempotent function of the asset's id over what the database and the blob store hold: a stage that is
done returns what it did, so walking the line again after a crash repeats nothing and loses nothing.
"""

from policies.line.deployment import Deployment, Submission
from policies.line.granting import grant
from policies.line.intake import intake
from policies.line.publishing import Result, publish, withhold
from policies.line.recording import record
from policies.line.resuming import resume_one
from policies.line.screening import decide, screen
from policies.line.sealing import seal
from policies.line.step import Step, at_once
from policies.line.sweeping import interrupted
from policies.rules.decision import Outcome
from provenance.asset import AssetId


def release(here: Deployment, submission: Submission) -> Result:
    """Take a submission in and walk it down the line.

    Raises:
        AssetError: intake refused the bytes; nothing was kept.
    """
    asset_id = intake(here, submission)  # (1)
    return walk(here, asset_id)


def walk(here: Deployment, asset_id: AssetId, *, wait: bool = True, step: Step = at_once) -> Result:
    """Walk an accepted asset down the rest of the line, from wherever it stands, while nobody else does.

    A worker walks it in a workflow (`policies.workflow`), whose `step` notes each stage that is done.

    Raises:
        AssetInUseError: somebody else is at work on it, for too long, or now, unless `wait`.
    """
    with here.leases.hold(asset_id, wait=wait) as is_new, here.handover.walking(asset_id, is_new=is_new):
        step(screen, here, asset_id)  # (2)
        if step(decide, here, asset_id).outcome is not Outcome.RELEASE:  # (3)
            return step(withhold, here, asset_id)  # (4)
        step(grant, here, asset_id)  # (5)
        if step(seal, here, asset_id).outcome is not Outcome.RELEASE:  # (6)
            return step(withhold, here, asset_id)  # (4)
        step(record, here, asset_id)  # (7)
        return step(publish, here, asset_id)  # (8)


def resume(here: Deployment) -> tuple[Result, ...]:
    """Finish what was interrupted and nobody is at work on; what cannot be waits, logged, and is held in the end."""
    return tuple(result for asset_id in interrupted(here) if (result := resume_one(here, asset_id, walk)))
