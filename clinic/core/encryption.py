"""Encryption under the clinic's own keys (AES-256-GCM, FIELD_KEYS), look-up digests, and tokens.

An encrypted value reads `k2:base64(nonce + ciphertext)`. Its context is authenticated with it: a value that is put
where another context holds does not open. Nothing is encrypted, decrypted or digested before the keys were compared
with their fingerprints in the database (`clinic/core/key_fingerprints.py`), except by the functions called `unguarded`.

What patients tell us stands under keys of their own (`clinic/core/data_keys.py`); these keys encrypt those keys.
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

    `record` is model and number, as in "consultations.Patient 12", where that is known.
    """

    def __init__(self, sentence: str, *, record: str = "") -> None:
        super().__init__(sentence)
        self.record = record


class Undecodable(DamagedRecord):
    """A stored value can be decrypted, or never was encrypted, and is not what was written there."""


class DecryptionError(DamagedRecord):
    """An encrypted value was tampered with, moved, or encrypted under a key that is no longer known."""


class Erased(DamagedRecord):
    """What is asked for was erased on purpose: its key was destroyed. Nobody need look into it."""


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
            # Else a rotation would encrypt everything again under the same key, and say that the old one can go.
            raise ValueError(f"Field key {key_id} is the same key as another one. Make a new key for a new id.")
        keys[key_id] = key
    return keys


@lru_cache(maxsize=8)
def _keys(field_keys: str, secret_key: str, debug: bool) -> dict[str, bytes]:
    try:
        keys = parse_keys(field_keys)
    except ValueError as problem:
        raise ImproperlyConfigured(str(problem)) from problem
    if not keys:
        if not debug:
            raise ImproperlyConfigured("FIELD_KEYS is not set, so health data cannot be encrypted.")
        keys = {DEVELOPMENT_KEY_ID: hashlib.sha256(b"field-keys:" + secret_key.encode()).digest()}
    return keys


def configured() -> tuple[str, str, bool]:
    return settings.FIELD_KEYS, settings.SECRET_KEY, settings.DEBUG


def key_ids() -> list[str]:
    """The ids of the field keys, newest first."""
    return list(_keys(*configured()))


def current_key_id() -> str:
    """The id under which new values are encrypted."""
    return key_ids()[0]


def key_id_of(value: str) -> str:
    return value.partition(":")[0]


def key_fingerprints() -> dict[str, str]:
    """Field key id or INDEX_KEY -> an HMAC under that key: it is known again by this, and nothing of it is revealed."""
    keys = {**_keys(*configured()), INDEX_KEY: index_key()}
    return {name: hmac.new(key, FINGERPRINT_OF, hashlib.sha256).hexdigest() for name, key in keys.items()}


def derived_key(key_id: str, *, purpose: str) -> bytes:
    """A key for one purpose that follows from a field key, and from which nothing of that can be told.

    Raises KeyError for a field key that the settings do not name.
    """
    return hmac.digest(_keys(*configured())[key_id], purpose.encode(), "sha256")


def encrypt(plain: str, *, context: str) -> str:
    """Encrypt a text for one context. The same text encrypted twice differs. Raises KeysUnusable."""
    _guard().require_usable(writing=True)
    return encrypt_unguarded(plain, context=context)


def encrypt_unguarded(plain: str, *, context: str) -> str:
    key_id, key = next(iter(_keys(*configured()).items()))
    return f"{key_id}:{encrypt_with(key, plain, context=context)}"


def decrypt(value: str, *, context: str) -> str:
    """The text that was encrypted. Raises DecryptionError and KeysUnusable; never returns what is stored as text."""
    _guard().require_usable()
    try:
        return decrypt_unguarded(value, context=context)
    except DecryptionError:
        # A record is called damaged only when the keys, looked at again, are not to blame.
        _guard().look_again_now_and_then()
        raise


def decrypt_unguarded(value: str, *, context: str) -> str:
    key_id, colon, encoded = value.partition(":")
    key = _keys(*configured()).get(key_id) if colon else None
    if key is None:
        raise DecryptionError(f"A value in {context} is encrypted under a key that FIELD_KEYS does not name.")
    return decrypt_with(key, encoded, context=context)


def encrypt_with(key: bytes, plain: str, *, context: str) -> str:
    """Base64 of a fresh nonce and the ciphertext."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, plain.encode(), context.encode())).decode()


def decrypt_with(key: bytes, encoded: str, *, context: str) -> str:
    """Raises DecryptionError."""
    try:
        raw = base64.b64decode(encoded, validate=True)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
    except (ValueError, InvalidTag) as problem:
        raise DecryptionError(f"A value in {context} cannot be decrypted: it was changed or moved.") from problem


def _guard() -> ModuleType:
    """Imported late, because fingerprints are rows and models are made of encrypted fields."""
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
