"""A real SMTP server on loopback (aiosmtpd) that refuses and breaks off on demand, and keeps what it took."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult


@dataclass
class MailServer:
    """replies: what it answers instead, by step ("MAIL", "RCPT" or "END"). cut: the step after which it hangs up.

    taken: what it answered 250 to, and what it had read when it hung up after the end.
    """

    replies: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    taken: list[EmailMessage] = field(default_factory=list)
    tries: int = 0
    port: int = 0

    def _said(self, step: str, server: SMTP, usual: str) -> str:
        if self.cut == step:
            cast("Any", server.transport).abort()
        return self.replies.get(step, usual)

    async def handle_MAIL(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.tries += 1
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._said("MAIL", server, "250 OK")

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self._said("RCPT", server, "250 OK")

    async def handle_DATA(  # noqa: N802 - the name aiosmtpd calls
        self, server: SMTP, _session: Any, envelope: Any
    ) -> str:
        said = self._said("END", server, "250 OK")
        if said.startswith("250"):
            self.taken.append(cast("EmailMessage", message_from_bytes(envelope.content, policy=default)))
        return said


def started(server: MailServer, **options: Any) -> Callable[[], None]:
    """Start the server on a free port; return what stops it."""
    controller = Controller(server, hostname="127.0.0.1", port=0, **options)

    def knock() -> None:
        # aiosmtpd knocks at its own door to see that it is up; with port 0 it must be told which door it got.
        assert controller.server is not None
        server.port = controller.server.sockets[0].getsockname()[1]
        socket.create_connection(("127.0.0.1", server.port)).close()

    controller._trigger_server = knock  # type: ignore[method-assign]
    controller.start()
    return controller.stop


def only(user: bytes, password: bytes) -> Callable[..., AuthResult]:
    """Let in one user."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        right = (given.login, given.password) == (user, password)
        return AuthResult(success=right, handled=False)

    return check
