"""Keys for one row's data: each made with its row, kept encrypted on it, and destroyed when the row is erased."""

import base64
import dataclasses
import secrets
from typing import Any, Final

from clinic.core import encryption
from clinic.core.encryption import DecryptionError

PREFIX: Final = "data-key:"
"""What a value under a data key begins with. No field key can have this id: theirs are letters and digits."""


@dataclasses.dataclass(frozen=True, slots=True)
class DataKey:
    """The key itself, in memory for as long as the row it belongs to."""

    secret: bytes = dataclasses.field(repr=False)

    def encrypt(self, plain: str, *, context: str) -> str:
        return PREFIX + encryption.encrypt_with(self.secret, plain, context=context)

    def decrypt(self, value: str, *, context: str) -> str:
        """Raises DecryptionError, also for a value under a field key: nothing of a patient's stands under those."""
        if not value.startswith(PREFIX):
            raise DecryptionError(f"A value in {context} is not encrypted under the key of its row.")
        return encryption.decrypt_with(self.secret, value.removeprefix(PREFIX), context=context)

    def __deepcopy__(self, memo: dict[int, Any]) -> "DataKey":
        return self

    def __reduce__(self) -> Any:
        raise TypeError("A data key never leaves the process.")


def draw() -> DataKey:
    return DataKey(secrets.token_bytes(encryption.KEY_BYTES))


def wrap(key: DataKey, *, context: str, under: DataKey | None = None) -> str:
    """The key, encrypted under a field key or under another data key. Raises KeysUnusable."""
    text = base64.b64encode(key.secret).decode()
    return encryption.encrypt(text, context=context) if under is None else under.encrypt(text, context=context)


def is_under_another(wrapped: str) -> bool:
    """Whether it stands under a data key rather than under one of FIELD_KEYS."""
    return wrapped.startswith(PREFIX)


def unwrap(wrapped: str, *, context: str, under: DataKey | None = None) -> DataKey:
    """Raises DecryptionError and KeysUnusable."""
    if under is None:
        return DataKey(base64.b64decode(encryption.decrypt(wrapped, context=context)))
    return DataKey(base64.b64decode(under.decrypt(wrapped, context=context)))
