"""Questions to authenticators and their answers (WebAuthn level 2), by py_webauthn. What does not hold is a PasskeyError."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from medgrpo.cases.ceremony import ANSWER_SECONDS, Ceremony, PasskeyError, PasskeyFault
from medgrpo.cases.values import User
from medgrpo.core import MissingExtra

try:
    import webauthn
    from webauthn.helpers import (
        base64url_to_bytes,
        bytes_to_base64url,
        options_to_json_dict,
        parse_attestation_object,
        parse_authenticator_data,
        parse_client_data_json,
    )
    from webauthn.helpers.exceptions import WebAuthnException
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        AuthenticatorTransport,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )
except ImportError as error:
    raise MissingExtra("passkeys", "serve", "webauthn") from error

_MALFORMED = (WebAuthnException, ValueError, TypeError, KeyError, IndexError, OverflowError)
"""What the library raises over bytes that are no answer."""
_UNIQUE = frozenset(one.value for one in AuthenticatorTransport)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What an authenticator gave at registration; texts are base64url. `synced`: it may be copied to the owner's other devices."""

    credential_id: str
    public_key: str
    sign_count: int
    transports: tuple[str, ...]
    synced: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A passkey of which an answer is asked: its id and how it is reached."""

    credential_id: str
    transports: tuple[str, ...]


def handle(name: str) -> str:
    """By which an authenticator tells accounts apart: the same for a user each time, and not the name itself."""
    return bytes_to_base64url(hashlib.sha256(f"medgrpo user {name}".encode()).digest())


def enrolment(ceremony: Ceremony, user: User, present: Sequence[Known]) -> dict[str, Any]:
    """Options for `navigator.credentials.create`. `present`: the user's own, which are not made twice on one device."""
    options = webauthn.generate_registration_options(
        rp_id=ceremony.party.id,
        rp_name="medgrpo",
        user_id=base64url_to_bytes(handle(user.name)),
        user_name=user.name,
        user_display_name=user.full_name,
        challenge=ceremony.challenge,
        timeout=ANSWER_SECONDS * 1000,
        exclude_credentials=_descriptors(present),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,  # signing in without typing a name
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    return options_to_json_dict(options)


def question(ceremony: Ceremony, allowed: Sequence[Known]) -> dict[str, Any]:
    """Options for `navigator.credentials.get`. `allowed` empty: any passkey of this party."""
    options = webauthn.generate_authentication_options(
        rp_id=ceremony.party.id,
        challenge=ceremony.challenge,
        timeout=ANSWER_SECONDS * 1000,
        allow_credentials=_descriptors(allowed),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def enrolled(answer: Mapping[str, Any], ceremony: Ceremony) -> Enrolled:
    """From an answer to `enrolment`. PasskeyError where anything in it does not hold.

    Who made the device is not asked (attestation "none"): any that verifies its owner will do.
    """
    try:
        found = webauthn.verify_registration_response(
            credential=dict(answer),
            expected_challenge=ceremony.challenge,
            expected_rp_id=ceremony.party.id,
            expected_origin=ceremony.party.origin,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise PasskeyError(_fault(answer, ceremony, None)) from error
    response = cast("Mapping[str, Any]", answer["response"])
    told = cast("object", response.get("transports"))
    transports = cast("list[object]", told) if isinstance(told, list) else []
    return Enrolled(
        bytes_to_base64url(found.credential_id),
        bytes_to_base64url(found.credential_public_key),
        found.sign_count,
        tuple(sorted(_UNIQUE.intersection(one for one in transports if isinstance(one, str)))),
        found.credential_device_type == "multi_device",
    )


def credential_of(answer: Mapping[str, Any]) -> str:
    """Which passkey says that it answers. PasskeyError where it says nothing."""
    id = answer.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= 1400:
        raise PasskeyError(PasskeyFault.UNREADABLE)
    return id


def answered(answer: Mapping[str, Any], ceremony: Ceremony, user: str, public_key: str, sign_count: int) -> int:
    """The counter of an answer to `question` that holds: origin, party, challenge, owner verified, counter, signature.

    COUNTED_BACK is said only where all else holds, the signature too: the library looks at the counter before it."""
    try:
        count = _verified(answer, ceremony, public_key, sign_count)
        told = cast("Mapping[str, Any]", answer["response"]).get("userHandle")
        right = told is None or hmac.compare_digest(base64url_to_bytes(told), base64url_to_bytes(handle(user)))
    except _MALFORMED as error:
        fault = _fault(answer, ceremony, sign_count)
        if fault is PasskeyFault.COUNTED_BACK and not _holds_but_for_counter(answer, ceremony, public_key):
            fault = PasskeyFault.WRONG
        raise PasskeyError(fault) from error
    if not right:
        raise PasskeyError(PasskeyFault.OTHER_USER)
    return count


def _verified(answer: Mapping[str, Any], ceremony: Ceremony, public_key: str, sign_count: int) -> int:
    return webauthn.verify_authentication_response(
        credential=dict(answer),
        expected_challenge=ceremony.challenge,
        expected_rp_id=ceremony.party.id,
        expected_origin=ceremony.party.origin,
        credential_public_key=base64url_to_bytes(public_key),
        credential_current_sign_count=sign_count,
        require_user_verification=True,
    ).new_sign_count


def _holds_but_for_counter(answer: Mapping[str, Any], ceremony: Ceremony, public_key: str) -> bool:
    try:
        _verified(answer, ceremony, public_key, 0)
    except _MALFORMED:
        return False
    return True


def _fault(answer: Mapping[str, Any], ceremony: Ceremony, sign_count: int | None) -> PasskeyFault:
    """What did not hold, for people: the library has refused already, and this decides nothing."""
    try:
        response = cast("Mapping[str, str]", answer["response"])
        said = parse_client_data_json(base64url_to_bytes(response["clientDataJSON"]))
        if sign_count is None:
            device = parse_attestation_object(base64url_to_bytes(response["attestationObject"])).auth_data
        else:
            device = parse_authenticator_data(base64url_to_bytes(response["authenticatorData"]))
    except _MALFORMED:
        return PasskeyFault.UNREADABLE
    if said.origin != ceremony.party.origin:
        return PasskeyFault.OTHER_ORIGIN
    if said.challenge != ceremony.challenge:
        return PasskeyFault.OTHER_QUESTION
    if device.rp_id_hash != hashlib.sha256(ceremony.party.id.encode()).digest():
        return PasskeyFault.OTHER_PARTY
    if not device.flags.uv:
        return PasskeyFault.NOT_VERIFIED
    if sign_count is not None and (device.sign_count or sign_count) and device.sign_count <= sign_count:
        return PasskeyFault.COUNTED_BACK
    return PasskeyFault.WRONG


def _descriptors(known: Sequence[Known]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(one.credential_id), transports=[AuthenticatorTransport(name) for name in one.transports] or None
        )
        for one in known
    ]
