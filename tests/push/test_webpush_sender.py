"""What leaves us can be read by the phone and by nobody else, and every answer has one meaning."""

import base64
import json
from dataclasses import replace

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.core.errors import ConfigurationFault, Gone, Permanent, Transient, UnknownOutcome
from app.core.outbound.push import ForbiddenEndpoint, PushDoor, local_hosts
from app.push.client import TEXT_LIMIT, PushAddress, PushMessage
from app.push.webpush_sender import WebPushSender, build_sender, read_vapid_key
from tests.support.push_service import Answer, FaultyPushService, running_witness, witness_fault

SUBJECT = "mailto:innbyggerlab@example.invalid"
needs_witness = pytest.mark.skipif(bool(witness_fault()), reason=witness_fault())


@needs_witness
def test_the_phone_reads_what_we_sent(witness, key_pem):
    sender = sender_to(witness, key_pem)
    phone = witness.subscribe(read_vapid_key(key_pem, SUBJECT).application_server_key)

    sender.send(address_of(phone), message("Du har fått svar på Ålesund-idéen."))

    assert [json.loads(text)["body"] for text in witness.messages(phone["clientHash"])] == [
        "Du har fått svar på Ålesund-idéen."
    ]
    sender.close()


@needs_witness
def test_the_longest_text_arrives_whole(witness, key_pem):
    sender = sender_to(witness, key_pem)
    phone = witness.subscribe(read_vapid_key(key_pem, SUBJECT).application_server_key)

    sender.send(address_of(phone), PushMessage(b"x" * TEXT_LIMIT, "a"))

    assert witness.messages(phone["clientHash"]) == ["x" * TEXT_LIMIT]
    with pytest.raises(Permanent):
        sender.send(address_of(phone), PushMessage(b"x" * (TEXT_LIMIT + 1), "a"))
    sender.close()


@needs_witness
def test_a_key_that_is_not_the_phones_is_refused(witness, key_pem):
    sender = sender_to(witness, new_pem())
    phone = witness.subscribe(read_vapid_key(key_pem, SUBJECT).application_server_key)

    with pytest.raises(Permanent):
        sender.send(address_of(phone), message())

    assert witness.messages(phone["clientHash"]) == []
    sender.close()


@needs_witness
def test_a_phone_that_is_gone_says_so(witness, key_pem):
    sender = sender_to(witness, key_pem)
    phone = witness.subscribe(read_vapid_key(key_pem, SUBJECT).application_server_key)
    witness.expire(phone["clientHash"])

    with pytest.raises(Gone):
        sender.send(address_of(phone), message())
    sender.close()


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_message_that_was_taken_is_accepted(service, sender, karis_phone, status):
    service.answer = Answer(status)

    sender.send(karis_phone, message())

    assert len(service.seen) == 1


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer(404), Gone),
        (Answer(410), Gone),
        (Answer(401), ConfigurationFault),
        (Answer(403), ConfigurationFault),
        (Answer(400), Permanent),
        (Answer(413), Permanent),
        (Answer(307, {"Location": "http://127.0.0.1:1/"}), Permanent),
        (Answer(429), Transient),
        (Answer(500), UnknownOutcome),
        (Answer(503), UnknownOutcome),
        (Answer(silent=True), UnknownOutcome),
        (Answer(drop=True), UnknownOutcome),
    ],
    ids=lambda value: (
        "" if isinstance(value, type) else str(value.status) + " silent" * value.silent + " drop" * value.drop
    ),
)
def test_every_answer_has_one_meaning(service, sender, karis_phone, answer, fault):
    service.answer = answer

    with pytest.raises(fault) as raised:
        sender.send(karis_phone, message())

    assert type(raised.value) is fault
    assert len(service.seen) == 1


def test_a_busy_service_says_when_to_come_back(service, sender, karis_phone):
    service.answer = Answer(429, {"Retry-After": "42"})

    with pytest.raises(Transient) as raised:
        sender.send(karis_phone, message())

    assert raised.value.retry_after == 42


def test_a_huge_answer_does_not_change_that_it_was_taken(service, sender, karis_phone):
    service.answer = Answer(201, body=b"x" * 5_000_000)

    sender.send(karis_phone, message())


def test_a_403_pauses_that_service_and_not_the_channel(service, sender, karis_phone):
    service.answer = Answer(403)

    with pytest.raises(ConfigurationFault) as raised:
        sender.send(karis_phone, message())

    assert (raised.value.scope, raised.value.may_have_arrived) == ("127.0.0.1", False)


def test_the_headers_are_those_of_the_standards(service, sender, karis_phone):
    sender.send(karis_phone, PushMessage(b"{}", "topic-1", ttl_s=60))

    headers = {name.lower(): value for name, value in service.seen[0].headers.items()}
    assert headers["ttl"] == "60"
    assert headers["topic"] == "topic-1"
    assert headers["urgency"] == "normal"
    assert headers["content-encoding"] == "aes128gcm"
    assert headers["content-type"] == "application/octet-stream"
    assert headers["authorization"].startswith("vapid t=")


def test_one_messages_ttl_is_not_the_next_ones(service, sender, karis_phone):
    sender.send(karis_phone, PushMessage(b"{}", "a", ttl_s=1))
    sender.send(karis_phone, PushMessage(b"{}", "b"))

    assert [seen.headers["TTL"] for seen in service.seen] == ["1", "259200"]


def test_the_signature_names_the_whole_origin_with_its_port(service, sender, karis_phone, key_pem):
    sender.send(karis_phone, message())

    claims = claims_in(service.seen[0].headers["Authorization"], key_pem)
    assert claims["aud"] == f"http://{service.address}"
    assert claims["sub"] == SUBJECT


def test_a_usual_port_is_not_named(sender, karis_phone, key_pem):
    address = PushAddress("https://fcm.googleapis.com/fcm/send/x", karis_phone.p256dh, karis_phone.auth)

    headers = sender.seal(address, message()).headers

    assert claims_in(headers["Authorization"], key_pem)["aud"] == "https://fcm.googleapis.com"


def test_a_signature_is_kept_an_hour_for_each_origin(sender, karis_phone, clock):
    def signed(host: str) -> str:
        address = PushAddress(f"https://{host}/x", karis_phone.p256dh, karis_phone.auth)
        return sender.seal(address, message()).headers["Authorization"]

    first = signed("fcm.googleapis.com")
    apple = signed("web.push.apple.com")
    clock.append(3599.0)
    same = signed("fcm.googleapis.com")
    clock.append(3601.0)
    later = signed("fcm.googleapis.com")

    assert first == same
    assert len({first, apple, later}) == 3


def test_after_a_change_of_key_each_phone_is_told_with_the_key_it_knows(service, karis_phone, key_pem):
    new, old = new_pem(), key_pem
    marks = [read_vapid_key(pem, SUBJECT).mark for pem in (new, old)]
    sender = build_sender(new + old, subject=SUBJECT, door=PushDoor(local=local_hosts(service.address)))

    for mark in (*marks, None):
        assert sender.send_all([(replace(karis_phone, vapid_key=mark), message())]) == [None]

    for seen, pem in zip(service.seen, (new, old, old), strict=True):
        assert claims_in(seen.headers["Authorization"], pem)["sub"] == SUBJECT
    sender.close()


def test_a_phone_whose_key_we_have_thrown_away_is_gone(service, sender, karis_phone):
    with pytest.raises(Gone):
        sender.send(replace(karis_phone, vapid_key="thrown away long"), message())

    assert service.seen == []


def test_nothing_is_sent_to_a_host_that_is_not_on_the_list(sender, karis_phone):
    with pytest.raises(ForbiddenEndpoint):
        sender.send(PushAddress("https://inner.test/x", karis_phone.p256dh, karis_phone.auth), message())


def test_keys_that_are_no_keys_stop_with_a_reason(service, sender, karis_phone):
    with pytest.raises(Permanent):
        sender.send(PushAddress(service.endpoint(), "AAAA", karis_phone.auth), message())

    assert service.seen == []


def test_without_a_key_the_channel_says_what_is_missing(karis_phone):
    sender = build_sender(b"", subject=SUBJECT, door=PushDoor())

    (fault,) = sender.send_all([(karis_phone, message())])

    assert isinstance(fault, ConfigurationFault)
    assert "LAB_VAPID_KEY_FILE" in str(fault)


def test_a_development_key_carries_a_remark(key_pem):
    assert read_vapid_key(b"DEV key, not for production\n" + key_pem, SUBJECT).application_server_key


@pytest.mark.parametrize(("pem", "subject"), [(b"no key", SUBJECT), (b"-----BEGIN", "https://example.invalid")])
def test_a_key_or_contact_that_cannot_be_used_is_told_at_the_start(pem, subject):
    with pytest.raises(ValueError, match="LAB_VAPID_"):
        read_vapid_key(pem, subject)


def sender_to(witness, pem) -> WebPushSender:
    return WebPushSender(read_vapid_key(pem, SUBJECT), PushDoor(local=local_hosts(witness.host)))


def message(body: str = "Du har fått svar.") -> PushMessage:
    return PushMessage(json.dumps({"body": body}).encode(), "topic")


def address_of(phone):
    return PushAddress(phone["endpoint"], phone["p256dh"], phone["auth"])


def new_pem() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def claims_in(header: str, pem: bytes) -> dict:
    token = header.removeprefix("vapid t=").split(",")[0]
    return jwt.decode(token, read_vapid_key(pem, SUBJECT).public_pem, ["ES256"], options={"verify_aud": False})


@pytest.fixture(scope="module")
def witness():
    with running_witness() as witness:
        yield witness


@pytest.fixture
def service():
    with FaultyPushService() as service:
        yield service


@pytest.fixture
def key_pem():
    return new_pem()


@pytest.fixture
def clock():
    """The last number is the time now, in seconds."""
    return [0.0]


@pytest.fixture
def sender(service, key_pem, clock):
    door = PushDoor(local=local_hosts(service.address), timeout=0.3)
    sender = WebPushSender(read_vapid_key(key_pem, SUBJECT), door, monotonic=lambda: clock[-1])
    yield sender
    sender.close()


@pytest.fixture
def karis_phone(service):
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return PushAddress(service.endpoint(), base64.urlsafe_b64encode(raw).decode().rstrip("="), "A" * 22)
