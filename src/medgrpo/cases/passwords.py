"""Passwords: Argon2id through argon2-cffi at its authors' parameters (RFC 9106, low memory), kept as one text with its own salt."""

from __future__ import annotations

from medgrpo.core import InputError, MissingExtra

try:
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError
except ImportError as error:
    raise MissingExtra("users of the console", "serve", "argon2-cffi") from error

LEAST_CHARACTERS = 12
_MOST_BYTES = 1024
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("a password that nobody has")


def hashed(password: str) -> str:
    """InputError for a password that is too short or too long. No rules about kinds of characters: length is what counts."""
    if len(password) < LEAST_CHARACTERS:
        raise InputError(f"a password needs at least {LEAST_CHARACTERS} characters; several words are well")
    if len(password.encode()) > _MOST_BYTES:
        raise InputError(f"a password has at most {_MOST_BYTES} bytes")
    return _HASHER.hash(password)


def right(kept: str | None, password: str) -> bool:
    """Whether the password is the one that was kept; None (no such user) takes as long, and is never right."""
    if len(password.encode()) > _MOST_BYTES:
        return False
    try:
        _HASHER.verify(_NOBODY if kept is None else kept, password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def aged(kept: str) -> bool:
    """Whether the hash was made with weaker parameters than today's, and should be made anew."""
    return _HASHER.check_needs_rehash(kept)
