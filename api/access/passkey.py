"""Passkeys (WebAuthn): a key pair per person and site, unlocked on the device by finger, face or PIN.

Unlocking is always asked for, so a passkey is two factors at once. A challenge is this site's own, and taken once.
A passkey belongs to a name: a site that is reached by a bare address has none.
"""

import json
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from api.access.credential import Kind, find_credential, list_credentials, put_credential, use_credential
from api.access.flow import begin_flow, take_flow
from api.access.person import Person, State, fetch_person
from api.access.place import Place, put_on_record
from api.access.reception import WRONG, Reception, Visit, Welcome
from api.access.refusals import PersonNotFoundError, SignInError
from policies.review.reviewers import name_reviewer
from provenance.storage.access_tables import PEOPLE

if TYPE_CHECKING:
    from sqlalchemy import Connection

REGISTERING: Final = "passkey.new"
SIGNING_IN: Final = "passkey"
NAME: Final = "Chopmark"
CHALLENGE_S: Final = 300


def find_host(origin: str) -> str:
    """Return the name that passkeys of a site belong to; "" where it is reached by a bare address."""
    host = urlsplit(origin).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return host
    return ""


def begin_registration(reception: Reception, person: Person) -> dict[str, Any]:
    """Return what the browser is asked to make a passkey by, and the flow that it brings back."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    with reception.database.read() as connection:
        held = [row for row in list_credentials(connection, person.id) if row["kind"] == Kind.PASSKEY.value]
    options = generate_registration_options(
        rp_id=find_host(reception.settings.http.origin),
        rp_name=NAME,
        user_id=person.id.encode(),
        user_name=person.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes.fromhex(row["lookup"])) for row in held],
    )
    body = {"challenge": bytes_to_base64url(options.challenge), "person": person.id}
    flow = begin_flow(reception.database, REGISTERING, body, lasts_s=CHALLENGE_S)
    return {"flow": flow, "options": json.loads(options_to_json(options))}


def finish_registration(
    reception: Reception, here: Place, person: Person, *, flow: str, unverified: dict[str, Any], label: str
) -> None:
    """Keep the passkey that a browser made.

    Raises:
        SignInError: it is no answer to what was asked.
    """
    from webauthn import base64url_to_bytes, verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    body = take_flow(reception.database, REGISTERING, flow)
    if body is None or body["person"] != person.id:
        raise SignInError("this took too long: begin anew")
    origin = reception.settings.http.origin
    try:
        made = verify_registration_response(
            credential=unverified,
            expected_challenge=base64url_to_bytes(body["challenge"]),
            expected_rp_id=find_host(origin),
            expected_origin=origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as exc:
        raise SignInError("this passkey cannot be taken: expected one of this site, unlocked on the device") from exc
    with here.database.write() as connection:
        if find_credential(connection, Kind.PASSKEY, made.credential_id.hex()) is not None:
            raise SignInError("this passkey is known already")
        put_credential(
            connection,
            person.id,
            Kind.PASSKEY,
            lookup=made.credential_id.hex(),
            secret=made.credential_public_key,
            counter=made.sign_count,
            label=label,
        )
        subject = name_reviewer(connection, person.name, here.tenant)
        put_on_record(
            here,
            connection,
            kind="access.credential_changed",
            subject=subject,
            by=person.actor,
            body={"what": Kind.PASSKEY.value},
        )


def begin_sign_in(reception: Reception) -> dict[str, Any]:
    """Return what the browser is asked to sign, by whichever passkey of this site it has, and the flow."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=find_host(reception.settings.http.origin), user_verification=UserVerificationRequirement.REQUIRED
    )
    body = {"challenge": bytes_to_base64url(options.challenge)}
    flow = begin_flow(reception.database, SIGNING_IN, body, lasts_s=CHALLENGE_S)
    return {"flow": flow, "options": json.loads(options_to_json(options))}


def enter_by_passkey(reception: Reception, *, flow: str, unverified: dict[str, Any], visit: Visit) -> Welcome:
    """Let somebody in by what their passkey signed.

    Raises:
        SignInError: it is no answer to what was asked, of no passkey that is known, or they are let in no more.
    """
    from webauthn import base64url_to_bytes, verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    body = take_flow(reception.database, SIGNING_IN, flow)
    if body is None:
        raise SignInError("this took too long: begin anew")
    origin = reception.settings.http.origin
    try:
        lookup = base64url_to_bytes(str(unverified["id"])).hex()
        with reception.database.read() as connection:
            row = find_credential(connection, Kind.PASSKEY, lookup)
        if row is None:
            raise SignInError(WRONG)
        answer = verify_authentication_response(
            credential=unverified,
            expected_challenge=base64url_to_bytes(body["challenge"]),
            expected_rp_id=find_host(origin),
            expected_origin=origin,
            credential_public_key=bytes(row["secret"]),
            credential_current_sign_count=row["counter"],
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError) as exc:
        raise SignInError(WRONG) from exc
    with reception.database.write() as connection:
        person = _find_person(reception, connection, row["person_id"])
        # A count that does not grow is of a copy, or of two answers at once; 0 is of those that count nothing.
        if person.state is not State.ACTIVE or not use_credential(connection, row, answer.new_sign_count):
            raise SignInError(WRONG)
    return reception.open(person, "passkey", visit)


def _find_person(reception: Reception, connection: "Connection", person_id: str) -> Person:
    from sqlalchemy import select

    from provenance.tenant import Tenant

    tenant = connection.execute(select(PEOPLE.c.tenant).where(PEOPLE.c.id == person_id)).scalar_one()
    try:
        return fetch_person(reception.find_place(Tenant(tenant)), connection, person_id)
    except PersonNotFoundError as exc:
        raise SignInError(WRONG) from exc
