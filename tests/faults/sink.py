"""A mail server that takes mail, and on demand is slow, refuses, puts off, turns away, or hangs up after the data."""

import asyncio
import email
import email.policy
import logging
import re
import threading
from collections import Counter
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

logging.getLogger("mail.log").setLevel(logging.ERROR)
LINK: Final = re.compile(r"/request/open/[\w-]+/")
SLOW_SECONDS: Final = 3.0


class Sink:
    """`mode` may be changed at any time: "", "4xx", "5xx", "slow", "drops" or "refuses"."""

    def __init__(self, port: int, *, slow_seconds: float = SLOW_SECONDS) -> None:
        self.mode, self.port = "", port
        self.slow_seconds = slow_seconds
        self.taken: Counter[str] = Counter()
        """Message-ID -> how many copies stand in a mailbox."""
        self.met: Counter[str] = Counter()
        """Mode -> how many attempts met it."""
        self._links: dict[str, str] = {}
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname="127.0.0.1", port=port)
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    def link_for(self, address: str) -> str:
        """The path of the private link in the newest mail to this address; "" while none came."""
        with self._lock:
            return self._links.get(address, "")

    async def handle_EHLO(self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list[str]) -> Any:
        session.host_name = hostname
        if self.mode == "refuses":
            self.met["refuses"] += 1
            server.transport.close()
        return responses

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        mode = self.mode
        if mode:
            self.met[mode] += 1
        if mode == "4xx":
            return "451 Try later"
        if mode == "5xx":
            return "554 No"
        if mode == "slow":
            await asyncio.sleep(self.slow_seconds)
        self._keep(envelope)
        if mode == "drops":
            server.transport.close()
        return "250 OK"

    def _keep(self, envelope: Any) -> None:
        letter: Any = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = letter.get_body(("plain",))
        found = LINK.search(body.get_content()) if body else None
        with self._lock:
            self.taken[letter["Message-ID"]] += 1
            for address in envelope.rcpt_tos if found else ():
                self._links[address] = found[0]
