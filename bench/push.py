"""How many push messages one core seals and signs in a second, and how many it sends to a push service over TLS."""

import base64
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.core.outbound.push import PushDoor, local_hosts
from app.push.client import PushAddress, PushMessage
from app.push.webpush_sender import WebPushSender, read_vapid_key
from bench.figures import Figure, figure
from bench.push_service import CERTIFICATE
from bench.site import Bench
from ops.terminal import Stop
from workers.push_batch import TURN

RUNS, MESSAGES, PHONES = 5, 2000, 200
SEALED_FLOOR, SENT_FLOOR = 7000.0, 2000.0
HOSTS = ("fcm.googleapis.com", "web.push.apple.com", "updates.push.services.mozilla.com", "db5.notify.windows.com")
BODY = b'{"web_push":8030,"notification":{"title":"Lys i gangveien","body":"Bestemt","navigate":"/ideer/1"}}'


def figures(bench: Bench) -> list[Figure]:
    """RFC 8291 with a fresh key for each message, and the VAPID header kept for each service, as our worker does."""
    found = [_sealed()] if bench.wants("push_encrypt") else []
    return found + ([_sent()] if bench.wants("push_sent") else [])


def _sealed() -> Figure:
    sender = WebPushSender(read_vapid_key(_pem(), "mailto:bench@example.invalid"), PushDoor())
    phones = [_phone(f"https://{HOSTS[number % 4]}/{number}") for number in range(PHONES)]
    message = PushMessage(BODY, topic="bench")
    runs = []
    for _ in range(RUNS):
        started = time.process_time()
        for number in range(MESSAGES):
            sender.seal(phones[number % PHONES], message)
        runs.append(MESSAGES / (time.process_time() - started))
    said = f"encrypted (aes128gcm) and signed in one process, {PHONES} phones at 4 services; all CPU is the sender's"
    return figure("push_encrypt_per_core_s", f"{said}, the driver's share is 0 %", runs, "1/CPU-s", floor=SEALED_FLOOR)


def _sent() -> Figure:
    message = PushMessage(BODY, topic="bench")
    with _push_service() as (port, trust):
        door = PushDoor(local=local_hosts(f"localhost:{port}"), trust=trust)
        sender = WebPushSender(read_vapid_key(_pem(), "mailto:bench@example.invalid"), door)
        phones = [_phone(f"https://localhost:{port}/{number}") for number in range(PHONES)]
        _send(sender, phones, message, 200)  # the connections are made, and kept
        runs = []
        for _ in range(RUNS):
            started = time.process_time()
            _send(sender, phones, message, MESSAGES)
            runs.append(MESSAGES / (time.process_time() - started))
        sender.close()
    said = (
        f"encrypted, signed, sent and answered, in turns of {TURN} as the worker does, over kept TLS connections to a "
        "service on loopback whose CPU is not counted; all CPU is the sender's, the driver's share is 0 %"
    )
    return figure("push_sent_per_core_s", said, runs, "1/CPU-s", floor=SENT_FLOOR)


def _send(sender: WebPushSender, phones: list[PushAddress], message: PushMessage, count: int) -> None:
    for turn in range(count // TURN):
        some = [(phones[(turn * TURN + place) % PHONES], message) for place in range(TURN)]
        faults = [fault for fault in sender.send_all(some) if fault is not None]
        if faults:
            raise Stop(f"The push service did not take a message: {faults[0]}")


@contextmanager
def _push_service() -> Iterator[tuple[int, ssl.SSLContext]]:
    with tempfile.TemporaryDirectory() as folder:
        program = subprocess.Popen(
            [sys.executable, "-m", "bench.push_service", folder], stdout=subprocess.PIPE, text=True
        )
        try:
            assert program.stdout is not None  # noqa: S101 - it is a pipe
            port = int(program.stdout.readline())
            yield port, ssl.create_default_context(cafile=str(Path(folder) / CERTIFICATE))
        finally:
            program.terminate()
            program.wait(10)
            if program.stdout:
                program.stdout.close()


def _phone(endpoint: str) -> PushAddress:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    public = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return PushAddress(endpoint, _url_safe(public), _url_safe(os.urandom(16)))


def _url_safe(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _pem() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
