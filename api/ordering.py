"""From an order at a service to what the gate says of it: judge the prompt, pay once, wait, hand in what was made.

What the service made is a stranger's file like any other: it is handed in as a submission with its prompt and what is
known of how it was made, so marks and manifest of the service are read and kept before anything of ours is written.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from api.output import Output
from api.releasing import Ended, Repeats, end_one
from api.settings import Settings
from api.wiring import Site
from generation.base import Recipe
from generation.gateways.base import GATEWAYS, Gateway, Order
from generation.gateways.jobs import Job, Jobs, JobState
from generation.gateways.work import Pace, finish
from policies.line.deployment import Deployment, Submission
from policies.line.prompting import build_refusal, judge_prompt
from provenance.asset import MediaType, sha256_hex
from provenance.errors import AssetError, ConfigurationError, UnsupportedMediaError
from provenance.media.sniff import HEAD_BYTES
from provenance.storage.blob import Blob

_GENERATED = "trainedAlgorithmicMedia"


@contextmanager
def open_gateway(settings: Settings, name: str) -> Iterator[Gateway]:
    """Open a service that the settings name, and close it at the end.

    Raises:
        ConfigurationError: they do not name it, or its options are not enough.
        UnknownPluginError: there is none of that name.
    """
    factory = GATEWAYS.load(name)
    options = settings.gateway_options.get(name)
    if options is None:
        raise ConfigurationError(f"{name} is not set up: give its keys in the setting gateway_options.{name}")
    gateway = factory(options)
    try:
        yield gateway
    finally:
        gateway.close()


def open_jobs(here: Deployment) -> Jobs:
    """Return the jobs of the tenant that `here` is for."""
    return Jobs(here.database, here.blobs.quarantine, here.tenant)


def order_and_release(
    site: Site,
    gateway: Gateway,
    order: Order,
    target: Output,
    *,
    key: str = "",
    packs: tuple[str, ...] = (),
    pace: Pace | None = None,
) -> tuple[Job | None, list[Ended]]:
    """Have a service make something and walk it through the gate; a prompt that is blocked is never sent.

    Returns:
        The job, or None where the prompt was blocked; and how each file ended, none while the job is under way.
    """
    name = f"{gateway.name}-{sha256_hex(order.prompt.encode())[:8]}"
    refusal = judge_prompt(site.deployment, order.prompt, packs=packs)
    if refusal is not None:
        return None, [Ended(name, result=build_refusal(name, refusal))]
    job = open_jobs(site.deployment).plan(gateway.name, order, key)
    return go_on(site, gateway, job, target, packs=packs, pace=pace)


def go_on(
    site: Site,
    gateway: Gateway,
    job: Job,
    target: Output,
    *,
    packs: tuple[str, ...] = (),
    pace: Pace | None = None,
) -> tuple[Job, list[Ended]]:
    """Take a job on from wherever it stands, and hand in what came of it."""
    jobs = open_jobs(site.deployment)
    job = finish(jobs, gateway, job, pace)
    if job.state is not JobState.MADE:
        return job, []
    order, ended = jobs.load_order(job), []
    for number, file in enumerate(jobs.files(job)):
        submission = build_submission(job, order, gateway, file, number, packs)
        try:
            media_type = require_ordered(site.deployment, file, order)
        except AssetError as exc:
            ended.append(Ended(submission.name, error=exc))
            continue
        place = target.choose(submission.name, media_type)
        ended.append(end_one(site, submission, place, shown=submission.name, repeats=Repeats()))
    assets = [one.result.asset_id for one in ended if one.result is not None]
    refused = [one.error for one in ended if isinstance(one.error, AssetError)]
    if refused:  # what is no asset will never be one: it stays in quarantine until it is swept
        problem = f"what the service made cannot be taken: {refused[0]}"
        return jobs.move(job, JobState.FAILED, assets=assets, problem=problem) or jobs.find(job.id), ended
    if any(one.error for one in ended):
        return job, ended  # nothing is lost: it lies in quarantine, and may be handed in again
    done = jobs.move(job, JobState.HANDED_IN, assets=assets) or jobs.find(job.id)
    jobs.drop_files(job)
    return done, ended


def require_ordered(here: Deployment, file: Blob, order: Order) -> MediaType | None:
    """Return the type of what a service made, None where no medium here knows it, which the gate refuses.

    Raises:
        UnsupportedMediaError: it is not what was ordered: a still for a clip, or words, which a site that takes texts,
            too, would release, a page of errors as one.
    """
    found = here.media.find(file.read_at(0, HEAD_BYTES))
    if found is None:
        return None
    expected, family = ("clip", "video/") if order.kind.is_video else ("picture", "image/")
    if not found[1].value.startswith(family):
        raise UnsupportedMediaError(f"expected a {expected} from the service, as was ordered, got {found[1]}")
    return found[1]


def describe(job: Job) -> Mapping[str, Any]:
    """Return a job as JSON has it."""
    return {
        "id": job.id,
        "key": job.key,
        "gateway": job.gateway,
        "kind": job.kind.value,
        "state": job.state.value,
        "service_job": job.job,
        "created_at": job.created_at,
        **{name: job.outcome[name] for name in ("problem", "refusal", "usage", "assets")},
    }


def build_submission(
    job: Job,
    order: Order,
    gateway: Gateway,
    file: Blob,
    number: int,
    packs: tuple[str, ...],
    submitter: str = "",
) -> Submission:
    """Return one file that a service made as what the gate takes in, with its prompt and how it was made."""
    recipe = Recipe(
        backend=f"gateway {gateway.name}",
        model_name=order.model or gateway.default_model or gateway.name,
        digital_source_type=_GENERATED,
        prompt_sha256=sha256_hex(order.prompt.encode()),
        seed=order.seed or 0,
        model_type="c2pa.types.model",
        parameters={"kind": order.kind.value, "job": job.id},
    )
    return Submission(
        file,
        name=f"{gateway.name}-{recipe.prompt_sha256[:8]}-{job.id[:8]}-{number}",
        prompt=order.prompt,
        recipe={**asdict(recipe), "parameters": dict(recipe.parameters)},
        packs=packs,
        submitter=submitter,
        key=f"gateway:{job.id}:{number}",
    )
