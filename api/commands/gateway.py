"""`chopmark gateway`: services that generate, and what they made on its way through the gate."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from api.commands.release import PromptFile, build_document, exit_code, open_output, tell
from api.console import (
    EXIT_ERROR,
    OUT,
    CommandUsageError,
    Json,
    build_progress,
    build_table,
    plain,
    print_hint,
    print_json,
    print_line,
    read_input,
    teaching_errors,
)
from api.errands import KEYED
from api.ordering import describe, go_on, open_gateway, open_jobs, order_and_release
from api.output import OUT_HELP, Force
from api.releasing import Ended, read_prompt
from api.settings import load_settings
from api.wiring import open_site
from generation.gateways.base import GATEWAYS, Kind, Order
from generation.gateways.jobs import Job, Jobs, JobState
from generation.gateways.shared import read_job_name
from generation.gateways.work import DEADLINE_S, Pace, cancel
from provenance.errors import GateError
from provenance.media.sniff import sniff_media_type
from provenance.storage.gateway_tables import WAITING

app = typer.Typer(no_args_is_help=True, add_completion=False)

EXIT_UNDER_WAY = 5
_MOST_SOURCE_BYTES = 10 << 20

Patience = Annotated[float, typer.Option("--patience", min=0, help="Seconds to wait; the job stays, see resume.")]


@app.command("list")
@teaching_errors
def list_gateways(*, as_json: Json = False) -> None:
    """Name the services that can be called, what each makes, and which are set up here."""
    here = load_settings().gateway_options
    makes = {name: sorted(GATEWAYS.load(name).kinds) for name in GATEWAYS.names()}  # type: ignore[attr-defined]
    if as_json:
        rows = [{"gateway": name, "makes": kinds, "is_set_up": name in here} for name, kinds in makes.items()]
        print_json({"gateways": rows})
        return
    table = build_table("service", "makes", "set up")
    for name, kinds in makes.items():
        table.add_row(name, ", ".join(kinds), "yes" if name in here else "no")
    OUT.print(table)
    if not here:
        print_hint('set one up: CHOPMARK_GATEWAY_OPTIONS=\'{"ark": {"api_key": "..."}}\', docs/providers.md')


@app.command("run")
@teaching_errors
def run(
    service: Annotated[str, typer.Argument(help="A name of `chopmark gateway list`.")],
    prompt: Annotated[
        str | None, typer.Argument(help="What to make; - reads it from a pipe.", show_default=False)
    ] = None,
    prompt_file: PromptFile = None,
    kind: Annotated[Kind | None, typer.Option(help="What comes of it; the service's usual one unless given.")] = None,
    model: Annotated[str, typer.Option(help="As the service names it.")] = "",
    seconds: Annotated[int, typer.Option(min=1, max=180, help="Of a clip.")] = 5,
    aspect: Annotated[str, typer.Option(help="Width to height.")] = "16:9",
    seed: Annotated[int | None, typer.Option(help="The service's own choice unless given.")] = None,
    source: Annotated[str, typer.Option(help="Start from this picture.")] = "",
    more: Annotated[str, typer.Option(help="Further fields as JSON, in the service's own spelling.")] = "",
    key: Annotated[str, typer.Option(help="One paid call a key: the same order under it again is the same job.")] = "",
    patience: Patience = DEADLINE_S,
    out: Annotated[str, typer.Option("-o", "--out", help=OUT_HELP)] = "out/",
    pack: Annotated[list[str] | None, typer.Option(help="Policy pack that decides; may be repeated.")] = None,
    *,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Have a service make something from a prompt, and walk it through the gate; only what is released is written.

    A prompt that is blocked is not sent. What a call may have cost is never paid twice: see docs/providers.md. Exits as
    release does, 2 when the service refused or failed, 5 when it is still at work.
    """
    words = read_prompt(prompt, file=prompt_file)
    if words is None:
        raise CommandUsageError("expected a prompt, got none: chopmark gateway run ark 'a red boat'")
    settings = load_settings()
    start = read_input(source, most_bytes=_MOST_SOURCE_BYTES) if source else b""
    target = open_output(out, (), force=force, as_json=as_json, several=False)
    with open_site(settings) as site, open_gateway(settings, service) as gateway:
        order = Order(
            kind or _choose_kind(gateway.kinds, has_source=bool(start)),
            words,
            model=model,
            seconds=seconds,
            aspect=aspect,
            seed=seed,
            source=start,
            source_type=sniff_media_type(start[:4096]).value if start else "",
            more=_read_more(more),
        )
        site.warm()
        with build_progress(quiet=as_json, counted=False) as bar:
            bar.add_task(f"{service} is at work", total=None)
            pace = Pace(deadline=patience)
            job, ended = order_and_release(site, gateway, order, target, key=key, packs=tuple(pack or ()), pace=pace)
    _end([] if job is None else [job], ended, target, as_json=as_json)


@app.command("resume")
@teaching_errors
def resume(
    patience: Patience = DEADLINE_S,
    out: Annotated[str, typer.Option("-o", "--out", help=OUT_HELP)] = "out/",
    *,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Go on with every job that is not over: ask how it stands, fetch what was made, and hand it in."""
    settings = load_settings()
    target = open_output(out, (), force=force, as_json=as_json, several=True)
    gone_on: list[Job] = []
    ended: list[Ended] = []
    with open_site(settings) as site:
        waiting = list_waiting(open_jobs(site.deployment))
        site.warm()
        for job in reversed(waiting):
            try:
                with open_gateway(settings, job.gateway) as gateway:
                    stands, more = go_on(site, gateway, job, target, pace=Pace(deadline=patience))
            except GateError as exc:  # of this one: the others have nothing to do with it
                stands, more = job, [Ended(f"{job.gateway}-{job.id[:8]}", error=exc)]
            gone_on.append(stands)
            ended.extend(more)
    _end(gone_on, ended, target, as_json=as_json)


@app.command("jobs")
@teaching_errors
def list_jobs(
    before: Annotated[str, typer.Option(help="Go on after this job's id.")] = "",
    *,
    as_json: Json = False,
) -> None:
    """List jobs, newest first: how each stands, what it counted, and what became of it."""
    with open_site(load_settings(), finish=False) as site:
        jobs = open_jobs(site.deployment).list(before=before)
    if as_json:
        print_json({"jobs": [dict(describe(job)) for job in jobs]})
        return
    table = build_table("job", "service", "makes", "state", "since", "what it says")
    for job in jobs:
        table.add_row(job.id, job.gateway, job.kind.value, job.state.value, job.created_at[:16], plain(_say(job)))
    OUT.print(table)


@app.command("cancel")
@teaching_errors
def cancel_job(
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="Its id, of `chopmark gateway jobs`.")],
    *,
    as_json: Json = False,
) -> None:
    """Give a job up where nothing was sent yet or the service takes it back; else it goes on, and is paid for."""
    settings = load_settings()
    with open_site(settings, finish=False) as site:
        jobs = open_jobs(site.deployment)
        job = jobs.find(job_id)
        with open_gateway(settings, job.gateway) as gateway:
            stands = cancel(jobs, gateway, job)
    if as_json:
        print_json(dict(describe(stands)))
    else:
        print_line(f"{stands.id} {stands.state.value}")
    raise typer.Exit(0 if stands.state is JobState.CANCELLED else EXIT_ERROR)


@app.command("settle")
@teaching_errors
def settle_job(
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="Its id, of `chopmark gateway jobs`.")],
    service_job: Annotated[str, typer.Option("--service-job", help="The service has it, under this name.")] = "",
    *,
    send_again: Annotated[bool, typer.Option("--send-again", help="It never came: it is sent, and paid for.")] = False,
    as_json: Json = False,
) -> None:
    """Say what became of a job that is unsure, after a look into the service's own console; then `resume` goes on."""
    if bool(service_job) == send_again:
        raise CommandUsageError("expected either --service-job NAME, or --send-again where the service never had it")
    with open_site(load_settings(), finish=False) as site:
        jobs = open_jobs(site.deployment)
        stands = jobs.settle(jobs.find(job_id), read_job_name(service_job) if service_job else "")
    if as_json:
        print_json(dict(describe(stands)))
        return
    print_line(f"{stands.id} {stands.state.value}")
    print_hint("go on with it: chopmark gateway resume")


def list_waiting(jobs: Jobs) -> list[Job]:
    """Return every job of which something may still come by itself, newest first; a server goes on with its own."""
    states = [JobState(state) for state in WAITING if not JobState(state).is_over]
    found: list[Job] = []
    while page := jobs.list(states, before=found[-1].id if found else ""):
        found.extend(page)
    return [one for one in found if not one.key.startswith(KEYED)]


def _choose_kind(kinds: frozenset[Kind], *, has_source: bool) -> Kind:
    wanted = (Kind.IMAGE_TO_VIDEO,) if has_source else (Kind.TEXT_TO_VIDEO, Kind.TEXT_TO_IMAGE)
    return next((kind for kind in wanted if kind in kinds), wanted[0])


def _read_more(more: str) -> dict[str, Any]:
    try:
        parsed = json.loads(more) if more else {}
    except ValueError as exc:
        raise CommandUsageError("--more has to be a JSON object") from exc
    if not isinstance(parsed, dict):
        raise CommandUsageError("--more has to be a JSON object")
    return parsed


def _end(jobs: Sequence[Job], ended: Sequence[Ended], target: Any, *, as_json: bool) -> None:  # noqa: ANN401 - Output
    if as_json:
        documents = [dict(describe(job)) for job in jobs]
        print_json({"jobs": documents, "results": [build_document(one) for one in ended]})
    else:
        for job in jobs:
            print_line(f"{job.gateway} {job.state.value.replace('_', ' ')}  {_say(job)}".rstrip())
        if ended:
            tell(ended, target, as_json=False)
    if any(not job.state.is_over for job in jobs) and not ended:
        print_hint("it is still at work: chopmark gateway resume")
        raise typer.Exit(EXIT_UNDER_WAY)
    if ended or not jobs:
        raise typer.Exit(exit_code(ended))
    raise typer.Exit(EXIT_ERROR)


def _say(job: Job) -> str:
    refusal = job.outcome["refusal"]
    if refusal:
        words = ", ".join(refusal["categories"])
        return f"refused: {refusal['code']}" + (f" ({words})" if words else "")
    usage = ", ".join(f"{name} {value:g}" for name, value in job.outcome["usage"].items())
    return job.outcome["problem"] or ", ".join(job.outcome["assets"]) or usage
