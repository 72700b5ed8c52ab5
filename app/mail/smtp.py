"""SMTP by the standard library (RFC 5321), one connection for each mail: we send few."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from app.core.errors import ConfigurationFault, Permanent, Transient
from app.mail.client import Mail

TIMEOUT_SECONDS = 30.0
USUAL_PORTS = {"smtp": 25, "smtps": 465}
# The server asks who we are, or does not believe us: no mail passes.
_NOT_US = frozenset({530, 534, 535, 538})

# Seven bits pass through every server, also one that does not offer 8BITMIME.
_WRITTEN = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail goes out. secure: TLS from the first byte; otherwise STARTTLS where the server offers it."""

    host: str
    port: int
    secure: bool = False
    user: str = ""
    password: str = field(default="", repr=False)


def read_smtp_url(url: str) -> SmtpServer:
    """Return the server of e.g. "smtp://user:password@mail.example.org:587" (LAB_SMTP_URL), or raise ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in USUAL_PORTS or not parts.hostname:
        raise ValueError("LAB_SMTP_URL must look like smtp://host:port or smtps://host:port.")
    return SmtpServer(
        parts.hostname,
        parts.port or USUAL_PORTS[parts.scheme],
        parts.scheme == "smtps",
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


class SmtpMailer:
    """Sends by one SMTP server. sender: e.g. "Innbyggerlab <post@example.org>"."""

    def __init__(self, server: SmtpServer, *, sender: str, timeout: float = TIMEOUT_SECONDS) -> None:
        self._server = server
        self._sender = sender
        self._sender_address = parseaddr(sender)[1]
        self._timeout = timeout
        if "@" not in self._sender_address:
            raise ValueError("LAB_MAIL_FROM must hold an address.")

    def send(self, mail: Mail, *, reference: str, now: datetime) -> None:
        """Send once; see Mailer for how it fails."""
        message = self._written(mail, reference, now)
        to = str(message["To"].addresses[0].addr_spec)
        with _told_plainly(), self._connected() as connection:
            _must(connection.mail(self._sender_address))
            _must(connection.rcpt(to))
            _must(connection.data(message.as_bytes()))

    def _written(self, mail: Mail, reference: str, now: datetime) -> EmailMessage:
        message = EmailMessage(policy=_WRITTEN)
        try:
            message["From"] = self._sender
            message["To"] = Address(addr_spec=_plain_address(mail.to))
            message["Subject"] = mail.subject
        except (MessageError, ValueError, IndexError) as fault:
            raise Permanent("E-postadressen eller emnet kan ikke brukes.") from fault
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{reference}@{self._sender_address.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = mail.language
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        return message

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._server
        context = ssl.create_default_context()
        connection: smtplib.SMTP
        if server.secure:
            connection = smtplib.SMTP_SSL(server.host, server.port, timeout=self._timeout, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=self._timeout)
        try:
            connection.ehlo_or_helo_if_needed()
            if not server.secure and connection.has_extn("starttls"):
                connection.starttls(context=context)
                connection.ehlo()
            if server.user:
                self._refuse_plain(connection)
                connection.login(server.user, server.password)
            yield connection
            # The mail is taken: whether the goodbye is heard does not matter.
            connection.close()
        finally:
            connection.close()

    def _refuse_plain(self, connection: smtplib.SMTP) -> None:
        """A password goes through a locked line, or to this machine, or not at all."""
        locked = isinstance(connection.sock, ssl.SSLSocket)
        if not locked and self._server.host not in {"127.0.0.1", "localhost", "::1"}:
            raise ConfigurationFault("E-posttjeneren vil ha passord uten kryptering. Det sender vi ikke.")


def _plain_address(address: str) -> str:
    """Return the address with its domain in ASCII (IDNA). Raises ValueError when it has no two parts."""
    name, at, domain = address.strip().rpartition("@")
    if not (name and at and domain) or not name.isascii():
        raise ValueError("not an address we can send to")
    return f"{name}@{domain.encode('idna').decode('ascii')}"


def _must(reply: tuple[int, bytes]) -> None:
    """Return if the server said yes (2xx), else raise what its no means."""
    code = reply[0]
    if 200 <= code < 300:  # noqa: PLR2004 - RFC 5321, section 4.2.1
        return
    if code in _NOT_US:
        raise ConfigurationFault(f"E-posttjeneren godtar oss ikke ({code}).")
    if 400 <= code < 500:  # noqa: PLR2004
        raise Transient(f"E-posttjeneren tok ikke imot nå ({code}).")
    raise Permanent(f"E-posttjeneren sa nei ({code}).")


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn what smtplib raises into our own faults, without the server's words: they may hold the address."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as fault:
        raise ConfigurationFault("E-posttjeneren godtok ikke navn og passord.") from fault
    except ssl.SSLError as fault:
        raise ConfigurationFault("E-posttjeneren har ikke et sertifikat vi stoler på.") from fault
    except smtplib.SMTPNotSupportedError as fault:
        raise ConfigurationFault("E-posttjeneren kan ikke det vi ber om.") from fault
    except smtplib.SMTPServerDisconnected as fault:
        raise Transient("Forbindelsen til e-posttjeneren ble brutt.") from fault
    except smtplib.SMTPDataError as fault:
        _must((fault.smtp_code, b""))
    except smtplib.SMTPResponseException as fault:
        if fault.smtp_code >= 500:  # noqa: PLR2004
            raise ConfigurationFault(f"E-posttjeneren slipper oss ikke inn ({fault.smtp_code}).") from fault
        raise Transient(f"E-posttjeneren tok ikke imot nå ({fault.smtp_code}).") from fault
    except (smtplib.SMTPException, OSError) as fault:
        raise Transient("Vi fikk ikke kontakt med e-posttjeneren.") from fault
