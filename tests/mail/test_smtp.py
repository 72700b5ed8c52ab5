"""Mail arrives at least once, with the same Message-ID each time; a no is told apart from a maybe."""

import socket
from datetime import timedelta

import pytest

from app.core.errors import ConfigurationFault, Permanent, Transient
from app.mail.client import Mail
from app.mail.smtp import SmtpMailer, SmtpServer, read_smtp_url
from tests.support.mail_server import MailServer, only, started

REFERENCE = "INL-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAIL = Mail(
    to="kari@example.invalid",
    subject="Takk! Vi har fått idéen din",
    text="Hei.\n.\nLes mer på Ålesund.\n",
    html="<p>Hei på deg</p>",
    language="nb",
)


def test_kari_gets_what_was_written(server, mailer, now):
    mailer.send(MAIL, reference=REFERENCE, now=now)

    (mail,) = server.taken
    assert mail["Subject"] == "Takk! Vi har fått idéen din"
    assert mail["To"] == "kari@example.invalid"
    assert mail["From"] == "Innbyggerlab <post@lab.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == MAIL.text
    assert mail.get_body(("html",)).get_content().strip() == MAIL.html


def test_the_message_id_is_the_deliverys_reference_every_time(server, mailer, now):
    mailer.send(MAIL, reference=REFERENCE, now=now)
    mailer.send(MAIL, reference=REFERENCE, now=now + timedelta(hours=1))

    assert [mail["Message-ID"] for mail in server.taken] == [f"<{REFERENCE}@lab.example>"] * 2


def test_what_is_sent_passes_through_a_server_of_seven_bits(server, mailer, now):
    mailer.send(MAIL, reference=REFERENCE, now=now)

    assert server.taken[0].as_bytes().isascii()


@pytest.mark.parametrize(
    ("step", "reply", "fault"),
    [
        ("MAIL", "451 try later", Transient),
        ("RCPT", "450 mailbox busy", Transient),
        ("END", "452 no room", Transient),
        ("RCPT", "550 no such user", Permanent),
        ("END", "554 looks like spam", Permanent),
        ("MAIL", "530 sign in first", ConfigurationFault),
    ],
)
def test_a_no_is_told_apart_from_not_now(server, mailer, now, step, reply, fault):
    server.replies[step] = reply

    with pytest.raises(fault) as raised:
        mailer.send(MAIL, reference=REFERENCE, now=now)

    assert type(raised.value) is fault
    assert "kari" not in str(raised.value)


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "END"])
def test_a_broken_line_is_tried_again_and_the_repeat_can_be_recognised(server, mailer, now, step):
    server.cut = step
    with pytest.raises(Transient):
        mailer.send(MAIL, reference=REFERENCE, now=now)

    server.cut = ""
    mailer.send(MAIL, reference=REFERENCE, now=now)

    assert {mail["Message-ID"] for mail in server.taken} == {f"<{REFERENCE}@lab.example>"}
    assert len(server.taken) == (2 if step == "END" else 1)


def test_nobody_at_home_is_tried_again(now):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    with pytest.raises(Transient):
        SmtpMailer(SmtpServer("127.0.0.1", port), sender="post@lab.example", timeout=1).send(
            MAIL, reference=REFERENCE, now=now
        )


def test_a_server_that_says_nothing_is_tried_again(now):
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Transient):
        SmtpMailer(SmtpServer("127.0.0.1", silent.getsockname()[1]), sender="post@lab.example", timeout=0.2).send(
            MAIL, reference=REFERENCE, now=now
        )


@pytest.mark.parametrize(("password", "let_in"), [("right", True), ("wrong", False)])
def test_a_wrong_password_pauses_all_mail(guarded_server, now, password, let_in):
    server = SmtpServer("127.0.0.1", guarded_server.port, user="lab", password=password)
    mailer = SmtpMailer(server, sender="post@lab.example", timeout=5)

    if let_in:
        mailer.send(MAIL, reference=REFERENCE, now=now)
        assert len(guarded_server.taken) == 1
    else:
        with pytest.raises(ConfigurationFault):
            mailer.send(MAIL, reference=REFERENCE, now=now)


@pytest.mark.parametrize(
    "to",
    [
        "",
        "kari",
        "@x.no",
        "kari@",
        "a@b.no\r\nBcc: ola@x.no",
        "a@b.no, ola@x.no",
        "kåri@x.no",
        "a@" + "x" * 300 + ".no",
    ],
)
def test_an_address_that_is_none_stops_and_nothing_is_sent(server, mailer, now, to):
    with pytest.raises(Permanent):
        mailer.send(Mail(to, "Hei", "Hei", "Hei", "nb"), reference=REFERENCE, now=now)

    assert server.tries == 0


def test_a_subject_cannot_bring_headers_of_its_own(server, mailer, now):
    with pytest.raises(Permanent):
        mailer.send(Mail("kari@x.no", "Hei\r\nBcc: ola@x.no", "a", "a", "nb"), reference=REFERENCE, now=now)

    assert server.tries == 0


def test_a_domain_with_norwegian_letters_is_written_as_servers_read_it(server, mailer, now):
    mailer.send(Mail("kari@blåbær.no", "Hei", "a", "a", "nb"), reference=REFERENCE, now=now)

    assert server.taken[0]["To"] == "kari@xn--blbr-roah.no"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://127.0.0.1:8025", SmtpServer("127.0.0.1", 8025)),
        ("smtps://lab:p%40ss@mail.example", SmtpServer("mail.example", 465, secure=True, user="lab", password="p@ss")),
    ],
)
def test_where_mail_goes_is_one_address(url, server):
    assert read_smtp_url(url) == server
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize("url", ["", "mail.example", "http://mail.example", "smtp://"])
def test_an_address_that_is_no_mail_server_is_told_at_the_start(url):
    with pytest.raises(ValueError, match="LAB_SMTP_URL"):
        read_smtp_url(url)


@pytest.fixture
def server():
    server = MailServer()
    stop = started(server)
    yield server
    stop()


@pytest.fixture
def guarded_server():
    server = MailServer()
    stop = started(server, authenticator=only(b"lab", b"right"), auth_require_tls=False)
    yield server
    stop()


@pytest.fixture
def mailer(server):
    return SmtpMailer(SmtpServer("127.0.0.1", server.port), sender="Innbyggerlab <post@lab.example>", timeout=5)
