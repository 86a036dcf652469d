"""A signature over the manifest, with a key that the user gives: Ed25519.

Knows bytes and keys. ``[sign]`` installs what it needs; without it a signature can be neither made nor checked, and
that is said.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE_FILE: Final = "manifest.sig"
ALGORITHM: Final = "Ed25519"
KEY_EXPECTED: Final = "an Ed25519 private key in PEM, without a password"
PUBLIC_KEY_EXPECTED: Final = "an Ed25519 public key in PEM"


class BadSignatureError(Exception):
    """A signature that does not hold; the text says why. It never leaves the verification."""


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read the key that ``--sign-key`` names.

    Raises
    ------
    UsageError
        If the file holds no such key.
    MissingExtraError
        If ``[sign]`` is not installed.
    """
    serialization, ed25519 = _cryptography()
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError("--sign-key", path.name, KEY_EXPECTED) from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise UsageError("--sign-key", path.name, KEY_EXPECTED)
    private: Ed25519PrivateKey = key
    return private


def read_public_key(path: Path) -> bytes:
    """Read the raw public key that ``--public-key`` names; raises as :func:`read_private_key` does."""
    serialization, ed25519 = _cryptography()
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError("--public-key", path.name, PUBLIC_KEY_EXPECTED) from error
    if not isinstance(key, ed25519.Ed25519PublicKey):
        raise UsageError("--public-key", path.name, PUBLIC_KEY_EXPECTED)
    raw: bytes = key.public_bytes_raw()
    return raw


def sign(manifest: bytes, key: Ed25519PrivateKey) -> bytes:
    """Write the signature file of a manifest."""
    fields = {
        "algorithm": ALGORITHM,
        "public_key": _encoded(key.public_key().public_bytes_raw()),
        "signature": _encoded(key.sign(manifest)),
    }
    return (json.dumps(fields, indent=2) + "\n").encode()


def check_signature(manifest: bytes, signature_file: bytes, expected_key: bytes | None = None) -> str:
    """Check a signature and return the fingerprint of its key.

    Parameters
    ----------
    expected_key
        The raw public key it must be of; without it the signature only shows that whoever held the key in the file
        signed.

    Raises
    ------
    BadSignatureError
        If it does not hold, or is of another key.
    MissingExtraError
        If ``[sign]`` is not installed.
    """
    _, ed25519 = _cryptography()
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an optional dependency

    raw_key, signature = _fields_of(signature_file)
    if expected_key is not None and raw_key != expected_key:
        raise BadSignatureError("the signature is of another key")
    try:
        key: Ed25519PublicKey = ed25519.Ed25519PublicKey.from_public_bytes(raw_key)
        key.verify(signature, manifest)
    except (InvalidSignature, ValueError):
        raise BadSignatureError("the signature does not fit the manifest") from None
    return fingerprint(raw_key)


def _fields_of(signature_file: bytes) -> tuple[bytes, bytes]:
    """Raw key and signature; the file must be byte for byte as :func:`sign` writes it."""
    try:
        fields: dict[str, str] = json.loads(signature_file)
        key, signature = (base64.b64decode(fields[name], validate=True) for name in ("public_key", "signature"))
        canonical = {"algorithm": ALGORITHM, "public_key": _encoded(key), "signature": _encoded(signature)}
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise BadSignatureError("the signature file is damaged") from None
    if (json.dumps(canonical, indent=2) + "\n").encode() != signature_file:
        raise BadSignatureError("the signature file is damaged")
    return key, signature


def fingerprint(raw_key: bytes) -> str:
    """First half of the SHA-256 of a public key: what two people compare by telephone."""
    return hashlib.sha256(raw_key).hexdigest()[:32]


def _encoded(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _cryptography() -> tuple[Any, Any]:
    try:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - an optional dependency
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("Signing", "sign") from None
    return serialization, ed25519
