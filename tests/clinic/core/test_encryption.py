"""Encryption: what comes back is what went in, and nothing else ever does."""

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from clinic.core import encryption, key_fingerprints


@pytest.fixture(autouse=True, scope="module")
def keys_not_compared():
    """These are about the values alone; test_key_fingerprints.py is about the keys."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(key_fingerprints, "require_usable", lambda **_: None)
        patched.setattr(key_fingerprints, "look_again_now_and_then", lambda: None)
        yield


def key(letter: str) -> str:
    return base64.b64encode(letter.encode() * 32).decode()


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(max_size=40))
def test_an_encrypted_text_opens_in_its_own_context(plain, context):
    assert encryption.decrypt(encryption.encrypt(plain, context=context), context=context) == plain


def test_an_encrypted_value_names_its_key_and_hides_the_text():
    stored = encryption.encrypt("numbness", context="a.b")
    assert stored.startswith("k1:")
    assert "numbness" not in stored
    assert stored != encryption.encrypt("numbness", context="a.b")


def test_a_value_moved_to_another_column_does_not_open():
    stored = encryption.encrypt("words", context="a.b")
    with pytest.raises(encryption.DecryptionError, match=r"a\.c"):
        encryption.decrypt(stored, context="a.c")


def test_any_changed_byte_is_noticed():
    stored = encryption.encrypt("words", context="a.b")
    raw = base64.b64decode(stored.partition(":")[2])
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1
        with pytest.raises(encryption.DecryptionError):
            encryption.decrypt(f"k1:{base64.b64encode(changed).decode()}", context="a.b")


@pytest.mark.parametrize("value", ["", "words", "k1:", "k1:!!", "k1:AAAA", "k9:AAAA", "plain text: with a colon"])
def test_what_was_never_encrypted_is_not_returned_as_text(value):
    with pytest.raises(encryption.DecryptionError):
        encryption.decrypt(value, context="a.b")


def test_older_keys_still_open_and_the_newest_encrypts(settings):
    settings.FIELD_KEYS = f"k1:{key('a')}"
    old = encryption.encrypt("words", context="a.b")
    settings.FIELD_KEYS = f"k2:{key('b')},k1:{key('a')}"
    assert encryption.decrypt(old, context="a.b") == "words"
    assert encryption.encrypt("words", context="a.b").startswith("k2:")
    settings.FIELD_KEYS = f"k2:{key('b')}"
    with pytest.raises(encryption.DecryptionError, match="FIELD_KEYS does not name"):
        encryption.decrypt(old, context="a.b")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nocolon", "as id:key"),
        ("k-1:" + key("a"), "letters and digits"),
        ("k" * 65 + ":" + key("a"), "at most 64 letters and digits"),
        ("k1:not base64", "not valid base64"),
        ("k1:QUJD", "3 bytes; it needs 32"),
        (f"k1:{key('a')},k1:{key('b')}", "given twice"),
    ],
)
def test_unusable_keys_are_refused_with_a_sentence(settings, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        encryption.parse_keys(text)
    settings.FIELD_KEYS = text
    with pytest.raises(ImproperlyConfigured, match=sentence):
        encryption.encrypt("words", context="a.b")


def test_without_keys_only_debug_encrypts(settings):
    settings.FIELD_KEYS = ""
    with pytest.raises(ImproperlyConfigured):
        encryption.encrypt("words", context="a.b")
    settings.DEBUG = True
    stored = encryption.encrypt("words", context="a.b")
    assert stored.startswith("dev:")
    assert encryption.decrypt(stored, context="a.b") == "words"


def test_look_up_digests_are_stable_per_purpose_and_survive_key_rotation(settings):
    settings.FIELD_KEYS = f"k1:{key('a')}"
    digest = encryption.blind_index("someone@example.org", purpose="email")
    assert len(digest) == 64
    assert digest != encryption.blind_index("someone@example.org", purpose="limit")
    settings.FIELD_KEYS = f"k2:{key('b')},k1:{key('a')}"
    assert encryption.blind_index("someone@example.org", purpose="email") == digest
    settings.INDEX_KEY = base64.b64encode(encryption.index_key()).decode()
    settings.FIELD_KEYS = f"k2:{key('b')}"
    assert encryption.blind_index("someone@example.org", purpose="email") == digest


@pytest.mark.parametrize("text", ["not base64", "QUJD"])
def test_an_unusable_index_key_is_refused(settings, text):
    settings.INDEX_KEY = text
    with pytest.raises(ImproperlyConfigured, match="INDEX_KEY"):
        encryption.blind_index("x", purpose="email")


def test_tokens_are_long_different_and_stored_as_digests():
    tokens = {encryption.new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert all(len(base64.urlsafe_b64decode(token + "=")) == 32 for token in tokens)
    assert len(encryption.fingerprint(tokens.pop())) == 64
