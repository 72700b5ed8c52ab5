"""Two programs by others, which the sender does not use, read what left us: one in Python and one in JavaScript."""

from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from app.core.outbound.push import PushDoor, local_hosts
from app.push import sealing
from app.push.client import TEXT_LIMIT, PushAddress
from app.push.service import news_message
from app.push.webpush_sender import build_sender, read_vapid_key
from tests.others import http_ece
from tests.push.test_webpush_sender import SUBJECT, new_pem
from tests.support.push_service import FaultyPushService, running_witness, witness_fault

AUTH = bytes(range(16))
ID = UUID(int=7)


@pytest.mark.skipif(bool(witness_fault()), reason=witness_fault())
def test_news_reads_the_same_in_python_and_in_javascript():
    news = news_message(
        "Lekeplassen på Ankenes er tegnet", "nb", process="Ny lekeplass", url="https://lab.example/prosesser/ny#nytt-1",
        subscription_id=ID, news_id=ID,
    )  # fmt: skip
    pem, phone = new_pem(), ec.generate_private_key(ec.SECP256R1())
    with FaultyPushService() as service, running_witness() as witness:
        kari = witness.subscribe(read_vapid_key(pem, SUBJECT).application_server_key)
        hosts = local_hosts(f"{service.address},{witness.host}")
        sender = build_sender(pem, subject=SUBJECT, door=PushDoor(local=hosts))
        ola = PushAddress(service.endpoint("ola"), sealing.public_point(phone), sealing.encoded(AUTH))

        ends = sender.send_all([(PushAddress(kari["endpoint"], kari["p256dh"], kari["auth"]), news), (ola, news)])

        assert list(ends) == [None, None]
        assert witness.messages(kari["clientHash"]) == [news.body.decode()]
        assert opened(service.seen[0].body, phone) == news.body
        sender.close()


@pytest.mark.parametrize("length", [0, 1, 100, TEXT_LIMIT])
def test_a_text_of_any_length_is_read_whole(length):
    phone = ec.generate_private_key(ec.SECP256R1())

    sealed = sealing.seal(b"x" * length, sealing.public_point(phone), sealing.encoded(AUTH))

    assert opened(sealed, phone) == b"x" * length


def test_nobody_else_reads_it_and_a_changed_byte_is_seen():
    phone, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    sealed = sealing.seal(b"Du har svar.", sealing.public_point(phone), sealing.encoded(AUTH))

    for body, reader in ((sealed, other), (sealed[:-1] + bytes([sealed[-1] ^ 1]), phone)):
        with pytest.raises((http_ece.ECEException, InvalidTag)):
            opened(body, reader)


def opened(sealed: bytes, phone: ec.EllipticCurvePrivateKey) -> bytes:
    return http_ece.decrypt(sealed, private_key=phone, auth_secret=AUTH, version="aes128gcm")
