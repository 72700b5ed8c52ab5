"""What a browser is asked for a passkey, and what its answer proves. Knows no database; the library does the proving.

Source: Web Authentication Level 3 (W3C), 7.1 and 7.2. origin: e.g. https://lab.example; a passkey belongs to its host.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.core.errors import RuleBroken
from app.core.text import N_

CHALLENGE_BYTES = 32
LONGEST_ID = 1023
CHALLENGE_LASTS = timedelta(minutes=5)
SITE_NAME = "Innbyggerlab"
# A finger, a face or a PIN each time: a phone that lies open on a desk is not enough.
VERIFIED = UserVerificationRequirement.REQUIRED

FIELD = "credential"
REFUSED = N_("Passnøkkelen stemte ikke. Ingenting er endret. Prøv igjen.")
SPENT = N_("Det tok for lang tid, eller svaret er brukt før. Prøv igjen.")
ELSEWHERE = N_("Passnøkkelen ble brukt på en annen adresse. Den virker bare på %(address)s.")


@dataclass(frozen=True, slots=True)
class Owner:
    """For whom a passkey is made. id: what the device files it under; email, name: what it shows its owner."""

    id: UUID
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Made:
    """A new passkey, as the device gave it. sign_count: 0 where it does not count."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def ask_to_make(origin: str, owner: Owner, challenge: bytes, known: Sequence[bytes]) -> str:
    """Return what navigator.credentials.create() is given, as JSON. known: their keys; no device makes a second."""
    options = generate_registration_options(
        rp_id=_host(origin),
        rp_name=SITE_NAME,
        user_id=owner.id.bytes,
        user_name=owner.email,
        user_display_name=owner.name or owner.email,
        challenge=challenge,
        timeout=_milliseconds(),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=VERIFIED
        ),
        exclude_credentials=_named(known),
    )
    return options_to_json(options)


def ask_to_use(origin: str, challenge: bytes, known: Sequence[bytes]) -> str:
    """Return what navigator.credentials.get() is given, as JSON: any of these keys will do."""
    options = generate_authentication_options(
        rp_id=_host(origin),
        challenge=challenge,
        timeout=_milliseconds(),
        allow_credentials=_named(known),
        user_verification=VERIFIED,
    )
    return options_to_json(options)


def prove_made(origin: str, answer: str, challenge: bytes) -> Made:
    """Return the new passkey. answer: the browser's, as JSON. Raises RuleBroken when anything about it is wrong."""
    with _any_fault_refused():
        _check_frame(origin, answer, challenge)
        proved = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(origin),
            expected_origin=origin,
            require_user_verification=True,
        )
        if len(proved.credential_id) > LONGEST_ID:
            raise RuleBroken(REFUSED, field=FIELD)
        return Made(proved.credential_id, proved.credential_public_key, proved.sign_count)


def key_named_in(answer: str) -> bytes:
    """Return the credential id that an answer names; it has shown nothing yet. Raises RuleBroken."""
    with _any_fault_refused():
        return base64url_to_bytes(json.loads(answer)["id"])


def prove_used(origin: str, answer: str, challenge: bytes, *, public_key: bytes, sign_count: int) -> int:
    """Return how often the key has signed by now. Raises RuleBroken; a count that stands still may be a copied key."""
    with _any_fault_refused():
        _check_frame(origin, answer, challenge)
        proved = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=_host(origin),
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
        return proved.new_sign_count


def _check_frame(origin: str, answer: str, challenge: bytes) -> None:
    """Say it plainly when an answer is for another question or from another address; the library proves the rest."""
    said = parse_client_data_json(base64url_to_bytes(json.loads(answer)["response"]["clientDataJSON"]))
    if said.origin != origin:
        raise RuleBroken(ELSEWHERE, field=FIELD, address=origin)
    if said.challenge != challenge:
        raise RuleBroken(SPENT, field=FIELD)


@contextmanager
def _any_fault_refused() -> Iterator[None]:
    """Anybody may send anything, and it is read by parsers that are not ours: whatever they trip over is a refusal."""
    try:
        yield
    except RuleBroken:
        raise
    except Exception as fault:
        raise RuleBroken(REFUSED, field=FIELD) from fault


def _named(known: Sequence[bytes]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=credential_id) for credential_id in known]


def _host(origin: str) -> str:
    return urlsplit(origin).hostname or ""


def _milliseconds() -> int:
    return int(CHALLENGE_LASTS.total_seconds() * 1000)
