"""Sealing of health data (AES-256-GCM with named keys), look-up digests, and tokens.

A sealed value reads `k2:base64(nonce + ciphertext)`. The context (table and column) is authenticated with it, so
a value moved to another column does not open.
"""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12
KEY_BYTES = 32
DEVELOPMENT_KEY_ID = "dev"


class DamagedRecord(Exception):
    """What is stored cannot be decoded. The text names the place and never quotes a value, so that it may be logged."""


class Undecodable(DamagedRecord):
    """A stored value opens, or was never sealed, and is not what was written there."""


class SealBroken(DamagedRecord):
    """A sealed value was tampered with, moved, or sealed under a key that is no longer known."""


def parse_keys(text: str) -> dict[str, bytes]:
    """Key id -> 32 bytes, newest first, from "k2:base64,k1:base64". Raises ValueError with a sentence."""
    keys: dict[str, bytes] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key_id, colon, encoded = part.partition(":")
        if not colon or not key_id.isalnum():
            raise ValueError("Write each field key as id:key, the id with letters and digits only.")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError as problem:
            raise ValueError(f"Field key {key_id} is not valid base64.") from problem
        if len(key) != KEY_BYTES:
            raise ValueError(f"Field key {key_id} has {len(key)} bytes; it needs {KEY_BYTES}.")
        if key_id in keys:
            raise ValueError(f"Field key {key_id} is given twice.")
        keys[key_id] = key
    return keys


@lru_cache(maxsize=8)
def _ciphers(field_keys: str, secret_key: str, debug: bool) -> dict[str, AESGCM]:
    return {key_id: AESGCM(key) for key_id, key in _keys(field_keys, secret_key, debug).items()}


@lru_cache(maxsize=8)
def _keys(field_keys: str, secret_key: str, debug: bool) -> dict[str, bytes]:
    try:
        keys = parse_keys(field_keys)
    except ValueError as problem:
        raise ImproperlyConfigured(str(problem)) from problem
    if not keys:
        if not debug:
            raise ImproperlyConfigured("FIELD_KEYS is not set, so health data cannot be sealed.")
        keys = {DEVELOPMENT_KEY_ID: hashlib.sha256(b"field-keys:" + secret_key.encode()).digest()}
    return keys


def _configured() -> tuple[str, str, bool]:
    return settings.FIELD_KEYS, settings.SECRET_KEY, settings.DEBUG


def current_key_id() -> str:
    """The id under which new values are sealed."""
    return next(iter(_ciphers(*_configured())))


def key_id_of(value: str) -> str:
    return value.partition(":")[0]


def seal(plain: str, *, context: str) -> str:
    """Seal a text for one context. The same text sealed twice differs."""
    key_id, cipher = next(iter(_ciphers(*_configured()).items()))
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = cipher.encrypt(nonce, plain.encode(), context.encode())
    return f"{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def open_sealed(value: str, *, context: str) -> str:
    """The text that was sealed. Raises SealBroken; never returns a sealed value as if it were text."""
    key_id, colon, encoded = value.partition(":")
    cipher = _ciphers(*_configured()).get(key_id) if colon else None
    if cipher is None:
        raise SealBroken(f"A value in {context} is sealed under a key that FIELD_KEYS does not name.")
    try:
        raw = base64.b64decode(encoded, validate=True)
        return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
    except (ValueError, InvalidTag) as problem:
        raise SealBroken(f"A value in {context} does not open: it was changed or moved.") from problem


def index_key() -> bytes:
    """The key of the look-up digests: INDEX_KEY, or else derived from the oldest field key.

    It must outlive key rotation, because a digest cannot be computed again without the plain value.
    """
    if settings.INDEX_KEY:
        try:
            key = base64.b64decode(settings.INDEX_KEY, validate=True)
        except ValueError as problem:
            raise ImproperlyConfigured("INDEX_KEY is not valid base64.") from problem
        if len(key) != KEY_BYTES:
            raise ImproperlyConfigured(f"INDEX_KEY has {len(key)} bytes; it needs {KEY_BYTES}.")
        return key
    oldest = list(_keys(*_configured()).values())[-1]
    return hmac.digest(oldest, b"look-up digests", "sha256")


def blind_index(value: str, *, purpose: str) -> str:
    """64 hex digits that find equal values without showing them. Normalise the value first (case, spaces)."""
    return hmac.new(index_key(), f"{purpose}\x1f{value}".encode(), hashlib.sha256).hexdigest()


def new_token() -> str:
    """A token of 256 random bits, safe in a URL (43 characters)."""
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> str:
    """What is stored in place of a token: its SHA-256 in hex. The token's own randomness is the salt."""
    return hashlib.sha256(token.encode()).hexdigest()
