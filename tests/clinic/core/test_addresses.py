"""Email addresses: what is accepted is what is mailed, in one spelling, and what is refused gets a sentence."""

import email
import email.policy
import re
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from aiosmtpd.controller import Controller
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from hypothesis import given, reject
from hypothesis import strategies as st

from clinic.core import addresses, channels
from clinic.core.addresses import AddressRefused, address_key, mailable, normalise_address
from clinic.core.channels import EMAIL_CHANNEL, MessageDraft
from clinic.core.form_fields import MailField
from clinic.core.smtp import EmailBackend
from tests.concurrency.processes import free_port
from tests.depth import made_up

SENTENCES = {
    addresses.FORMAT,
    addresses.SPACE,
    addresses.LONG,
    addresses.LOCAL,
    addresses.DOMAIN,
    addresses.TWO_MEANINGS,
}


@pytest.mark.parametrize(
    ("typed", "shown", "mailed"),
    [
        (" O'B+news@Example.COM ", "O'B+news@example.com", "O'B+news@example.com"),
        ("anna@BÜCHER.example", "anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@bu\u0308cher.example.", "anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@xn--bcher-kva.example", "anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("ａｎｎａ＠ｂｕｅｃｈｅｒ．ｅｘａｍｐｌｅ", "anna@buecher.example", "anna@buecher.example"),
        ("anna@例え。テスト", "anna@例え.テスト", "anna@xn--r8jz45g.xn--zckzah"),
        ("anna@пример.рф", "anna@пример.рф", "anna@xn--e1afmkfd.xn--p1ai"),
        ("anna@ΕΛΛΆΣ.example", "anna@ελλάσ.example", "anna@xn--hxarsa5b.example"),
        ("anna@x.vermögensberater", "anna@x.vermögensberater", "anna@x.xn--vermgensberater-ctb"),
        ("an\u200bna@ex\u00adample.com", "anna@example.com", "anna@example.com"),
        ("\u202aanna@example.com\u202c", "anna@example.com", "anna@example.com"),
        ("anna@❤\ufe0f.example", "anna@❤.example", "anna@xn--qei.example"),
        # Names that IDNA 2008 alone can spell stay in the form that is mailed.
        ("anna@xn--strae-oqa.example", "anna@xn--strae-oqa.example", "anna@xn--strae-oqa.example"),
        ("anna@xn--a.example", "anna@xn--a.example", "anna@xn--a.example"),
        ("a" * 64 + "@example.com", "a" * 64 + "@example.com", "a" * 64 + "@example.com"),
        ("a@" + "b" * 63 + ".com", "a@" + "b" * 63 + ".com", "a@" + "b" * 63 + ".com"),
    ],
)
def test_what_is_accepted_has_one_spelling_to_show_and_one_to_mail(typed: str, shown: str, mailed: str) -> None:
    assert normalise_address(typed) == shown
    assert mailable(typed) == mailable(shown) == mailed
    assert normalise_address(shown) == normalise_address(mailed) == shown
    assert EmailMessage(to=[mailable(typed)]).message()["To"] == mailed


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", addresses.FORMAT),
        ("anna", addresses.FORMAT),
        ("@example.com", addresses.FORMAT),
        ("anna@", addresses.FORMAT),
        ("anna@example", addresses.FORMAT),
        ("anna@b..com", addresses.FORMAT),
        ("anna@@example.com", addresses.FORMAT),
        (".anna@example.com", addresses.FORMAT),
        ("an,na@example.com", addresses.FORMAT),
        ("anna@example.com, bob@example.com", addresses.FORMAT),
        ("Anna <anna@example.com>", addresses.FORMAT),
        ("<anna@example.com>", addresses.FORMAT),
        ('"an na"@example.com', addresses.SPACE),
        ('"anna"@example.com', addresses.FORMAT),
        ("anna@[127.0.0.1]", addresses.FORMAT),
        ("anna@127.0.0.1", addresses.DOMAIN),
        ("anna@example.c", addresses.DOMAIN),
        ("anna@-example.com", addresses.FORMAT),
        ("anna@ex_ample.com", addresses.FORMAT),
        ("anna@foo\u3000bar.com", addresses.SPACE),  # was mailed to foobar.com
        ("anna@foo bar.com", addresses.SPACE),
        ("anna@foo\u00a0bar.com", addresses.SPACE),
        ("anna@foo\u2800bar.com", addresses.SPACE),
        ("anna@foo\u00a8bar.com", addresses.SPACE),
        ("anna\u2028@example.com", addresses.SPACE),
        ("anna\x00@example.com", addresses.FORMAT),
        ("anna\x7f@example.com", addresses.FORMAT),
        ("anna\ud800@example.com", addresses.FORMAT),
        ("anna\u202e@example.com", addresses.FORMAT),
        ("anna@exam\u0600ple.com", addresses.FORMAT),
        ("anna@exam…ple.com", addresses.FORMAT),
        ("an℀na@example.com", addresses.FORMAT),
        ("=?utf-8?q?eve?=@example.com", addresses.FORMAT),  # mail programs read eve@example.com
        ("änna@example.com", addresses.LOCAL),
        ("анна@example.com", addresses.LOCAL),
        ("anna@straße.example", addresses.TWO_MEANINGS),
        ("anna@οδος.example".replace("σ", "ς"), addresses.TWO_MEANINGS),
        ("anna@نامه\u200cای.example", addresses.TWO_MEANINGS),
        ("anna@1\u05d0.example", addresses.DOMAIN),
        ("anna@\ue000.example", addresses.FORMAT),
        ("anna@" + "ü" * 60 + ".example", addresses.DOMAIN),
        ("a" * 65 + "@example.com", addresses.LONG),
        ("a@" + "b" * 64 + ".com", addresses.LONG),
        ("a@" + "b." * 126 + "com", addresses.LONG),
        ("a" * 100_000, addresses.LONG),
    ],
)
def test_what_is_refused_gets_the_sentence_that_helps(typed: str, sentence: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        normalise_address(typed)
    assert str(refused.value) == str(sentence)
    assert re.fullmatch(r"[A-Z].*name@example\.com.*\.", str(sentence))
    with pytest.raises(ValidationError):
        MailField().clean(typed)


@pytest.mark.parametrize(
    "typed",
    ["anna@BÜCHER.example", "ANNA@bu\u0308cher.example.", "Anna@xn--bcher-kva.EXAMPLE", "ａnna@bücher．example"],
)
def test_every_spelling_of_an_address_has_one_key(typed: str) -> None:
    assert address_key(typed) == "anna@bücher.example"


def test_what_cannot_be_mailed_is_found_by_itself() -> None:
    assert address_key("  Änna@Example.com ") == "änna@example.com"


LOCAL_PARTS = st.from_regex(addresses.DOT_ATOM, fullmatch=True) | st.text(max_size=70)
LABELS = (
    st.from_regex(r"[a-zA-Z0-9-]{1,64}", fullmatch=True)
    | st.text(min_size=1, max_size=12)
    | st.text(st.characters(categories=["Ll", "Lo", "Lu", "Mn", "Nd", "So"]), min_size=1, max_size=20)
    | st.from_regex(r"xn--[a-z0-9-]{1,20}", fullmatch=True)
)
DOMAINS = st.lists(LABELS, min_size=1, max_size=4).flatmap(
    lambda labels: st.sampled_from([".".join(labels), ".".join([*labels, "com"]), ".".join([*labels, "example."])])
)
TYPED = st.builds("{}@{}".format, LOCAL_PARTS, DOMAINS) | st.text() | st.emails()


class Sink:
    def __init__(self) -> None:
        self.taken: list[list[str]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append(envelope.rcpt_tos)
        return "250 OK"


@pytest.fixture(scope="module")
def sink() -> Iterator[tuple[Sink, int]]:
    """A real mail server on this machine, and its port."""
    handler, port = Sink(), free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@given(TYPED)
@made_up(50, 1000)
def test_whatever_is_accepted_arrives_at_exactly_that_address(sink: tuple[Sink, int], typed: str) -> None:
    handler, port = sink
    try:
        stored = MailField().clean(typed)
    except ValidationError:
        reject()
    content = EMAIL_CHANNEL.write(MessageDraft(to=stored, subject="Hello", text="Hello Anna"), key=typed)
    backend = EmailBackend(host="127.0.0.1", port=port)
    with mock.patch.object(channels, "get_connection", return_value=backend):
        EMAIL_CHANNEL.send(content, to=stored)
    (recipient,) = handler.taken[-1]
    assert recipient == mailable(typed)
    assert normalise_address(recipient) == stored


@given(TYPED)
@made_up(150, 5000)
def test_whatever_is_accepted_is_in_its_one_spelling_and_named_alike_by_every_library(typed: str) -> None:
    try:
        shown = normalise_address(typed)
    except AddressRefused as refused:
        sentence = str(refused)
    else:
        sentence = ""
    if sentence:
        assert sentence in SENTENCES
        return
    mailed = mailable(typed)
    assert normalise_address(shown) == shown
    assert normalise_address(mailed) == shown
    assert mailable(shown) == mailed
    assert mailed.isascii()
    assert len(mailed) <= 254
    message = EmailMessage(to=[mailed])
    assert message.recipients() == [mailed]
    assert email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)["To"] == mailed
