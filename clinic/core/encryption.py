"""Sealing of health data (AES-256-GCM with named keys), look-up digests, and tokens.

A sealed value reads `k2:base64(nonce + ciphertext)`. The context (table and column) is authenticated with it, so
a value moved to another column does not open. Nothing is sealed, opened or digested before the keys were compared
with their fingerprints in the database (`clinic/core/key_fingerprints.py`), except by the functions called `unguarded`.
"""

import base64
import dataclasses
import hashlib
import hmac
import secrets
from functools import lru_cache
from types import ModuleType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE_BYTES = 12
KEY_BYTES = 32
MAX_ID_LENGTH = 64
DEVELOPMENT_KEY_ID = "dev"
INDEX_KEY = "INDEX_KEY"
"""The name of the digest key. No field key can have it: their ids are letters and digits."""
FINGERPRINT_OF = b"fingerprint of a key"


class DamagedRecord(Exception):
    """What is stored cannot be decoded. The text names the place and never quotes a value, so that it may be logged.

    `context` is table and column, and `value` what is stored, by which the row can be found. Never log `value`.
    """

    def __init__(self, sentence: str, *, context: str = "", value: str = "") -> None:
        super().__init__(sentence)
        self.context = context
        self.value = value


class Undecodable(DamagedRecord):
    """A stored value opens, or was never sealed, and is not what was written there."""


class DecryptionError(DamagedRecord):
    """A sealed value was tampered with, moved, or sealed under a key that is no longer known."""


@dataclasses.dataclass(frozen=True, slots=True)
class KeyProblem:
    """One key that does not fit the database: its id (never the key), `wrong`, `swapped` or `missing`, and why."""

    name: str
    kind: str
    sentence: str

    @property
    def short(self) -> str:
        return f"{self.name} {self.kind}"


class KeysUnusable(Exception):
    """The keys in the settings are not those that the database was written with; no record is damaged.

    Deliberately not a DamagedRecord: what is said of a damaged record is not true of this.
    """

    def __init__(self, problems: tuple[KeyProblem, ...]) -> None:
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = problems

    @property
    def short(self) -> str:
        return ", ".join(problem.short for problem in self.problems)


def parse_keys(text: str) -> dict[str, bytes]:
    """Key id -> 32 bytes, newest first, from "k2:base64,k1:base64". Raises ValueError with a sentence."""
    keys: dict[str, bytes] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key_id, colon, encoded = part.partition(":")
        if not colon or not key_id.isalnum() or len(key_id) > MAX_ID_LENGTH:
            raise ValueError("Write each field key as id:key, the id with at most 64 letters and digits only.")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError as problem:
            raise ValueError(f"Field key {key_id} is not valid base64.") from problem
        if len(key) != KEY_BYTES:
            raise ValueError(f"Field key {key_id} has {len(key)} bytes; it needs {KEY_BYTES}.")
        if key_id in keys:
            raise ValueError(f"Field key {key_id} is given twice.")
        if key in keys.values():
            # Else a rotation would seal everything again under the same key, and say that the old one can go.
            raise ValueError(f"Field key {key_id} is the same key as another one. Make a new key for a new id.")
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


def configured() -> tuple[str, str, bool]:
    return settings.FIELD_KEYS, settings.SECRET_KEY, settings.DEBUG


def key_ids() -> list[str]:
    """The ids of the field keys, newest first."""
    return list(_ciphers(*configured()))


def current_key_id() -> str:
    """The id under which new values are sealed."""
    return key_ids()[0]


def key_id_of(value: str) -> str:
    return value.partition(":")[0]


def key_fingerprints() -> dict[str, str]:
    """Field key id or INDEX_KEY -> an HMAC under that key: it is known again by this, and nothing of it is revealed."""
    keys = {**_keys(*configured()), INDEX_KEY: index_key()}
    return {name: hmac.new(key, FINGERPRINT_OF, hashlib.sha256).hexdigest() for name, key in keys.items()}


def encrypt(plain: str, *, context: str) -> str:
    """Seal a text for one context. The same text sealed twice differs. Raises KeysUnusable."""
    _guard().require_usable(writing=True)
    return seal_unguarded(plain, context=context)


def seal_unguarded(plain: str, *, context: str) -> str:
    key_id, cipher = next(iter(_ciphers(*configured()).items()))
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = cipher.encrypt(nonce, plain.encode(), context.encode())
    return f"{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def decrypt(value: str, *, context: str) -> str:
    """The text that was sealed. Raises DecryptionError and KeysUnusable; never returns a sealed value as text."""
    _guard().require_usable()
    try:
        return open_unguarded(value, context=context)
    except DecryptionError:
        # A record is called damaged only when the keys, looked at again, are not to blame.
        _guard().look_again_now_and_then()
        raise


def open_unguarded(value: str, *, context: str) -> str:
    key_id, colon, encoded = value.partition(":")
    cipher = _ciphers(*configured()).get(key_id) if colon else None
    if cipher is None:
        raise DecryptionError(
            f"A value in {context} is sealed under a key that FIELD_KEYS does not name.", context=context, value=value
        )
    try:
        raw = base64.b64decode(encoded, validate=True)
        return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
    except (ValueError, InvalidTag) as problem:
        raise DecryptionError(
            f"A value in {context} does not open: it was changed or moved.", context=context, value=value
        ) from problem


def _guard() -> ModuleType:
    """Imported late, because fingerprints are rows and models are made of sealed fields."""
    from clinic.core import key_fingerprints

    return key_fingerprints


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
    oldest = list(_keys(*configured()).values())[-1]
    return hmac.digest(oldest, b"look-up digests", "sha256")


def blind_index(value: str, *, purpose: str) -> str:
    """64 hex digits that find equal values without showing them. Normalise the value first (case, spaces).

    Raises KeysUnusable: under another key nobody would be found, and nobody would notice.
    """
    _guard().require_usable()
    return blind_index_unguarded(value, purpose=purpose)


def blind_index_unguarded(value: str, *, purpose: str) -> str:
    """For what is forgotten within days: a limit must go on counting while the keys are put right."""
    return hmac.new(index_key(), f"{purpose}\x1f{value}".encode(), hashlib.sha256).hexdigest()


def new_token() -> str:
    """A token of 256 random bits, safe in a URL (43 characters)."""
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> str:
    """What is stored in place of a token: its SHA-256 in hex. The token's own randomness is the salt."""
    return hashlib.sha256(token.encode()).hexdigest()
