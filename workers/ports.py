"""The other systems, each behind its port, as the settings say."""

from pathlib import Path

from app.cases.adapters import build_archive
from app.cases.codes import Codes
from app.cases.query import settings_in_force
from app.core.outbound.push import PushDoor, local_hosts
from app.mail.smtp import SmtpMailer, read_smtp_url
from app.push.webpush_sender import build_sender
from app.settings import Settings
from workers.work import Clock, Ports, Transaction


def build_ports(settings: Settings, reading: Transaction, clock: Clock) -> Ports:
    """Return the ports of a process. No line is opened before it is used."""

    def codes() -> Codes:
        with reading() as session:
            return settings_in_force(session, settings)

    door = PushDoor(local=local_hosts(settings.push_hosts))
    pem = Path(settings.vapid_key_file).read_bytes() if settings.vapid_key_file else b""
    return Ports(
        archive=build_archive(settings, codes, clock),
        push=build_sender(pem, subject=settings.vapid_subject, door=door),
        mail=SmtpMailer(read_smtp_url(settings.smtp_url), sender=settings.mail_from),
    )
