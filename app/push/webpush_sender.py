"""Web Push (RFC 8030, 8291, 8292) by the library webpush, with what it lacks put right here.

Mended: `aud` names the port (RFC 8292 asks for the whole origin); the library's shared `ttl` is never touched, since a
value given once stays for all later messages; text is at most one record; Topic and Urgency are sent; the signed
header is kept for each origin, because signing costs more than encrypting.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from pydantic import ValidationError
from webpush import VAPID, WebPush, WebPushSubscription
from webpush.types import WebPushKeys

from app.core.errors import ConfigurationFault, DeliveryFault, Gone, Permanent, Transient, UnknownOutcome
from app.core.outbound.push import PushAnswer, PushDoor
from app.push.client import TEXT_LIMIT, PushAddress, PushMessage, PushSender

TOKEN_LASTS_S = 12 * 60 * 60
# Kept far shorter than it lasts: the service's clock may differ from ours.
TOKEN_KEPT_S = 60 * 60
ORIGINS_KEPT = 200


@dataclass(frozen=True, slots=True)
class VapidKey:
    """Our key towards the push services. pem: private, PKCS8. contact: an e-mail that they can write to."""

    pem: bytes = field(repr=False)
    contact: str

    @property
    def public_pem(self) -> bytes:
        return bytes(self._public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    @property
    def application_server_key(self) -> str:
        """What the browser is given when it subscribes: the public point, base64url without padding."""
        return str(VAPID.get_application_server_key(self._public_key()))

    def _public_key(self) -> Any:
        return load_pem_private_key(self.pem, password=None).public_key()


def read_vapid_key(pem: bytes, subject: str) -> VapidKey:
    """Return the key, or raise ValueError with a sentence. subject: "mailto:" and an address (LAB_VAPID_SUBJECT)."""
    contact = subject.removeprefix("mailto:")
    if contact == subject or "@" not in contact:
        raise ValueError("LAB_VAPID_SUBJECT must be mailto: and an address.")
    begin = pem.find(b"-----BEGIN")
    if begin < 0:
        raise ValueError("LAB_VAPID_KEY_FILE holds no PEM key.")
    # What stands before the key is a remark, e.g. the mark of a development key.
    return VapidKey(pem[begin:], contact)


@dataclass(frozen=True, slots=True)
class _Audience:
    """What the library makes `aud` of: scheme and "host", to which we add the port."""

    scheme: str
    host: str


class _KeptVapid(VAPID):  # type: ignore[misc] # the library has no types
    """Signs once an hour for each origin."""

    def __init__(self, key: VapidKey, monotonic: Callable[[], float]) -> None:
        super().__init__(private_key=key.pem, public_key=key.public_pem)
        self._monotonic = monotonic
        self._kept: dict[tuple[str, str], tuple[float, str]] = {}

    def get_authorization_header(self, endpoint: Any, subscriber: str, expiration: int) -> str:
        usual = {"https": 443, "http": 80}[endpoint.scheme]
        host = endpoint.host if endpoint.port in (None, usual) else f"{endpoint.host}:{endpoint.port}"
        made, header = self._kept.get((endpoint.scheme, host), (0.0, ""))
        if header and self._monotonic() - made < TOKEN_KEPT_S:
            return header
        header = str(super().get_authorization_header(_Audience(endpoint.scheme, host), subscriber, expiration))
        if len(self._kept) >= ORIGINS_KEPT:
            self._kept.clear()
        self._kept[endpoint.scheme, host] = (self._monotonic(), header)
        return header


class WebPushSender:
    """Encrypts, signs and sends, one message at a time; the connections are kept by the door."""

    def __init__(self, key: VapidKey, door: PushDoor, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._door = door
        self._webpush = WebPush(
            private_key=key.pem, public_key=key.public_pem, subscriber=key.contact, expiration=TOKEN_LASTS_S
        )
        self._webpush.vapid = _KeptVapid(key, monotonic)

    def send_all(self, messages: Sequence[tuple[PushAddress, PushMessage]]) -> Sequence[DeliveryFault | None]:
        """Send each once; see PushSender for the outcomes."""
        return [self._send(address, message) for address, message in messages]

    def _send(self, address: PushAddress, message: PushMessage) -> DeliveryFault | None:
        try:
            self.send(address, message)
        except DeliveryFault as fault:
            return fault
        return None

    def send(self, address: PushAddress, message: PushMessage) -> None:
        """Send one, and raise what became of it."""
        host = self._door.check(address.endpoint).host
        body, headers = self.seal(address, message)
        _judge(self._door.post(address.endpoint, body=body, headers=headers), host)

    def seal(self, address: PushAddress, message: PushMessage) -> tuple[bytes, dict[str, str]]:
        """Return the encrypted body and the headers. Raises Permanent: text too long, keys wrong."""
        if len(message.body) > TEXT_LIMIT:
            raise Permanent("Varselet er for langt.")
        try:
            sealed = self._webpush.get(
                message.body,
                WebPushSubscription(
                    endpoint=address.endpoint, keys=WebPushKeys(auth=address.auth, p256dh=address.p256dh)
                ),
            )
        except (ValueError, ValidationError) as fault:
            raise Permanent("Nøklene til abonnementet er ikke gyldige.") from fault
        headers = {
            "Authorization": sealed.headers["authorization"],
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(message.ttl_s),
            "Topic": message.topic,
            "Urgency": "normal",
        }
        return sealed.encrypted, headers

    def close(self) -> None:
        self._door.close()


def _judge(answer: PushAnswer, host: str) -> None:
    """Return if the message was taken, else raise what the status means.

    The phone chose the address, path and all, so a refusal speaks of this subscription and not of the channel. A 401
    or 403 may speak of our key: it is told, under the host's name, and the rest goes on.
    """
    status = answer.status
    if status in (200, 201, 202, 204):
        return
    if status in (404, 410):
        raise Gone("Abonnementet finnes ikke lenger.")
    if status in (401, 403):
        raise ConfigurationFault(f"{host} godtar ikke nøkkelen vår ({status}).", scope=host)
    if status == 429:  # noqa: PLR2004 - too many requests
        raise Transient("Varslingstjenesten ber oss vente.", retry_after=answer.retry_after)
    if status >= 500:  # noqa: PLR2004 - the fault is theirs, and it may have come after they took the message
        raise UnknownOutcome(f"Varslingstjenesten svarte {status}. Vi vet ikke om varselet kom fram.")
    raise Permanent(f"Varslingstjenesten svarte {status}.")


class NoSender:
    """Stands where no key was given: nothing can have been subscribed to, and what is left of it waits."""

    def send_all(self, messages: Sequence[tuple[PushAddress, PushMessage]]) -> Sequence[DeliveryFault | None]:
        return [ConfigurationFault("LAB_VAPID_KEY_FILE mangler. Varsler blir ikke sendt.")] * len(messages)


def build_sender(pem: bytes, *, subject: str, door: PushDoor) -> PushSender:
    """Return a sender with the key of `read_vapid_key`, or one that says that the key is missing."""
    return WebPushSender(read_vapid_key(pem, subject), door) if pem else NoSender()
