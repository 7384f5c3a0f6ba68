"""`chopmark keys`: who signs, and which keys are held; never a secret."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from api.console import (
    EXIT_ERROR,
    OUT,
    Json,
    build_table,
    describe_error,
    plain,
    print_error,
    print_hint,
    print_json,
    print_line,
    teaching_errors,
)
from api.home import verify_site
from api.link import Links
from api.reading import open_log
from api.settings import Settings, load_settings
from api.wiring import load_identity, load_site_keys, open_database
from provenance.errors import GateError
from provenance.ledger.handover import build_history
from provenance.ledger.rotation import hand_over
from provenance.manifests.certificates import IdentityInfo
from provenance.manifests.deferred import RENEWAL_NOTICE
from provenance.manifests.identity import renew_development_identity
from provenance.manifests.keys import add_watermark_key
from provenance.storage.keyring import (
    NEXT_FILE,
    Keyring,
    give_up_watermark_key,
    load_ledger_key,
    make_next_key,
    note_watermark_key,
)
from provenance.storage.secretbox import renew_box

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command("list")
@teaching_errors
def list_keys(as_json: Json = False) -> None:
    """Show the signing identity, the ledger's public key and the names of the watermark keys.

    Exits 2 when nothing can be signed now; the other keys are shown all the same.
    """
    settings = load_settings()
    ring = load_site_keys(settings)
    signer = _find_signer(settings)
    if as_json:
        print_json(
            {
                "signing": describe_error(signer) if isinstance(signer, GateError) else _describe_signer(signer),
                "ledger": {"origin": ring.signer.name, "vkey": ring.signer.vkey},
                "watermark": [key.key_id for key in ring.marks],
            }
        )
    else:
        _show(signer, ring)
    if isinstance(signer, GateError):
        raise typer.Exit(EXIT_ERROR)


@app.command("add-watermark")
@teaching_errors
def add_watermark(as_json: Json = False) -> None:
    """Add a watermark key: new pictures are marked under it, old keys still read."""
    settings = load_settings()
    verify_site(settings)
    database = open_database(settings)
    try:
        key = add_watermark_key(settings.keys_dir)
        note_watermark_key(database, key)
    finally:
        database.close()
    if as_json:
        print_json({"watermark": key.key_id})
        return
    print_line(f"added watermark key {key.key_id}; it embeds from now on")


@app.command("rotate-ledger")
@teaching_errors
def rotate_ledger(
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Make the next key only, to copy it to every host of a fleet first.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Hand the ledger over to a new key: the old one signs that, the new one countersigns it and signs from then on.

    Auditors who trust any key of the ledger are led to the new one by the history, which exports carry.
    """
    settings = load_settings()
    verify_site(settings)
    database = open_database(settings)
    try:
        log = open_log(settings, database)
        new = make_next_key(settings.keys_dir, log.origin)
        entry = None if prepare else hand_over(log, new)
        if entry is not None:
            load_ledger_key(settings.keys_dir, new.vkey)
    finally:
        database.close()
    if as_json:
        print_json({"vkey": new.vkey, "ledger_index": None if entry is None else entry.index})
    elif entry is None:
        print_line(f"the next key of the ledger is {new.vkey}")
        print_hint(f"copy {NEXT_FILE} to the keys of every host, then run this again without --prepare")
    else:
        print_line(new.vkey, "bold")
        print_hint(f"it signs from entry {entry.index} on; auditors who have the old key are led to it by exports")


@app.command("history")
@teaching_errors
def show_history(as_json: Json = False) -> None:
    """Show every key that has signed the ledger, and when; as JSON with the hand-overs that prove it, for auditors."""
    settings = load_settings()
    verify_site(settings)
    database = open_database(settings, is_reading=True)
    try:
        keys = open_log(settings, database).keys()
    finally:
        database.close()
    if as_json:
        print_json(build_history(keys))
        return
    table = build_table("key", "signs from", "up to")
    for key, first, last in keys.terms():
        table.add_row(plain(key.vkey), f"{first} entries", "now" if last is None else f"{last} entries")
    OUT.print(table)


@app.command("renew-secrets")
@teaching_errors
def renew_secrets(as_json: Json = False) -> None:
    """Renew the key that seals secrets in the database, such as those of webhooks; what it sealed still opens."""
    settings = load_settings()
    verify_site(settings)
    renew_box(settings.keys_dir)
    if as_json:
        print_json({"renewed": True})
        return
    print_line("a new key seals secrets from now on; copy the folder of keys to every host")


@app.command("renew-access")
@teaching_errors
def renew_access(as_json: Json = False) -> None:
    """Renew the key that seals what authenticator apps are checked with; everybody's app and paper codes go on working.

    Servers of this machine find the new key by themselves.
    """
    from api.access.vault import renew_vault

    settings = load_settings()
    verify_site(settings)
    database = open_database(settings)
    try:
        count = renew_vault(settings.keys_dir, database)
    finally:
        database.close()
    if as_json:
        print_json({"renewed": True, "sealed_anew": count})
        return
    print_line(
        f"a new key seals from now on, and {count} authenticators already; copy the folder of keys to every host"
    )


@app.command("renew-links")
@teaching_errors
def renew_links(
    keep: Annotated[int, typer.Option(min=0, help="Of the older keys so many still verify: 0 ends every link.")] = 1,
    as_json: Json = False,
) -> None:
    """Renew the key that signs links to released files; links by the key before it work until they expire."""
    settings = load_settings()
    verify_site(settings)
    Links(settings.keys_dir).rotate(keep=keep)
    if as_json:
        print_json({"renewed": True, "kept": keep})
        return
    print_line("a new key signs links from now on; copy the folder of keys to every host")


@app.command("give-up")
@teaching_errors
def give_up(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="As the error that misses it spells it.")],
    as_json: Json = False,
) -> None:
    """Go on without a watermark key that is lost for good: what it marked is read no more."""
    settings = load_settings()
    verify_site(settings)
    database = open_database(settings)
    try:
        give_up_watermark_key(database, key_id)
    finally:
        database.close()
    if as_json:
        print_json({"given_up": key_id})
        return
    print_line(f"the site goes on without watermark key {key_id}; what it marked is found by fingerprint only")


@app.command()
@teaching_errors
def renew(as_json: Json = False) -> None:
    """Renew the certificate that signs.

    The development CA makes a new leaf, or is itself made anew where it has ended; the old ones are kept, and what they
    signed stays trusted here. A certificate of your own is renewed by whoever issued it; this says what to do.
    """
    settings = load_settings()
    verify_site(settings)
    chain = settings.signing.certificate_chain
    if chain is not None:
        signer = _find_signer(settings)
        until = "" if isinstance(signer, GateError) else f"; the one in use ends on {signer.not_after:%Y-%m-%d}"
        message = (
            f"{chain.name} is your own certificate: ask its issuer for a new one over the same key, or over a new one, "
            f"put both files in the place of the old ones, and run chopmark doctor{until}"
        )
        if as_json:
            print_json({"renewed": False, "message": message})
        else:
            print_line(message)
        return
    info = renew_development_identity(settings.keys_dir, environment=settings.environment.value).describe()
    if as_json:
        print_json({"renewed": True, "signing": _describe_signer(info)})
        return
    print_line(f"signs from now on: {info.subject}, until {info.not_after:%Y-%m-%d}")


def _find_signer(settings: Settings) -> IdentityInfo | GateError:
    try:
        return load_identity(settings).describe()
    except GateError as exc:
        return exc


def _describe_signer(info: IdentityInfo) -> dict[str, Any]:
    return {
        "subject": info.subject,
        "issuer": info.issuer,
        "not_after": str(info.not_after),
        "certificate_sha256": info.sha256,
        "development": info.is_development,
    }


def _show(signer: IdentityInfo | GateError, ring: Keyring) -> None:
    print_line("signing", "bold")
    if isinstance(signer, GateError):
        print_error(str(signer), signer.code)
    else:
        print_line(f"  {signer.subject}, until {signer.not_after:%Y-%m-%d}")
        if signer.not_after - datetime.now(UTC) < RENEWAL_NOTICE:
            print_line("  ends soon: chopmark keys renew", "yellow")
        if signer.is_development:
            print_line("  development only: nobody else trusts it", "yellow")
    print_line("ledger, give this to auditors", "bold")
    print_line(f"  {ring.signer.vkey}")
    table = build_table("watermark key", "does")
    for number, key in enumerate(ring.marks):
        table.add_row(plain(key.key_id), "embeds and reads" if number == 0 else "reads")
    OUT.print(table)
