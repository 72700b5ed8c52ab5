"""How many push messages one core encrypts and signs in a second."""

import base64
import os
import time

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.push.client import PushAddress, PushMessage
from app.push.webpush_sender import WebPushSender, read_vapid_key
from bench.figures import Figure, figure
from bench.site import Bench

RUNS, MESSAGES, PHONES = 5, 2000, 200
BODY = b'{"web_push":8030,"notification":{"title":"Lys i gangveien","body":"Bestemt","navigate":"/ideer/1"}}'


class NoDoor:
    """Stands where the connections would be: nothing is sent here."""

    def close(self) -> None:
        """There is nothing to close."""


def figures(_bench: Bench) -> list[Figure]:
    """RFC 8291 for a fresh key each, and the VAPID header kept for each origin, as our worker does."""
    key = read_vapid_key(_pem(), "mailto:bench@example.invalid")
    sender = WebPushSender(key, NoDoor())  # type: ignore[arg-type] # only `seal` is called
    phones = [_phone(number) for number in range(PHONES)]
    message = PushMessage(BODY, topic="bench")
    runs = [_messages_per_s(sender, phones, message) for _ in range(RUNS)]
    said = f"encrypted (aes128gcm) and signed in one process, {PHONES} phones at 4 services; all CPU is the sender's"
    return [figure("push_encrypt_per_core_s", f"{said}, the driver's share is 0 %", runs, "1/CPU-s")]


def _messages_per_s(sender: WebPushSender, phones: list[PushAddress], message: PushMessage) -> float:
    started = time.process_time()
    for number in range(MESSAGES):
        sender.seal(phones[number % PHONES], message)
    return MESSAGES / (time.process_time() - started)


def _phone(number: int) -> PushAddress:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    public = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return PushAddress(
        f"https://push{number % 4}.example.invalid/{number}", _url_safe(public), _url_safe(os.urandom(16))
    )


def _url_safe(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _pem() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
