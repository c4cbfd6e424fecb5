"""Who vouches for a record: Ed25519 keys (RFC 8032), through the `cryptography` library."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from medgrpo.core import MissingExtra, RecordError

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
        load_pem_private_key,
    )
except ImportError as error:
    raise MissingExtra("the record of a case", "live", "cryptography") from error


@dataclass(frozen=True, slots=True)
class PublicKey:
    """32 bytes, written in hexadecimal. `fingerprint` is what people compare."""

    hexadecimal: str

    def __post_init__(self) -> None:
        if len(_exact(self.hexadecimal)) != 32:
            raise ValueError("an Ed25519 public key has 32 bytes")

    @property
    def fingerprint(self) -> str:
        """The first 16 hexadecimal digits of its SHA-256, in fours."""
        digits = hashlib.sha256(bytes.fromhex(self.hexadecimal)).hexdigest()[:16]
        return " ".join(digits[place : place + 4] for place in range(0, 16, 4))

    def signed(self, signature: str, message: bytes) -> bool:
        """Whether the holder of the private key signed these bytes."""
        try:
            Ed25519PublicKey.from_public_bytes(_exact(self.hexadecimal)).verify(_exact(signature), message)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """A private key on this machine."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex())

    @classmethod
    def at(cls, path: Path) -> SigningKey:
        """The key in that PEM file, made there (for its owner alone) if there is none. RecordError when it cannot be had."""
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                key = Ed25519PrivateKey.generate()
                text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(text)
            found = load_pem_private_key(path.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise RecordError(f"{path}: no signing key can be read or made there: {error}") from error
        if not isinstance(found, Ed25519PrivateKey):
            raise RecordError(f"{path}: holds a key of another kind: give an Ed25519 key in PEM, or a path where none is")
        return cls(found)

    def sign(self, message: bytes) -> str:
        """The signature in hexadecimal."""
        return self._key.sign(message).hex()


def _exact(hexadecimal: str) -> bytes:
    """ValueError unless written in the one way that we write it: Python's own reading passes over blanks and capitals."""
    value = bytes.fromhex(hexadecimal)
    if value.hex() != hexadecimal:
        raise ValueError("hexadecimal is written in small letters without blanks")
    return value
