"""Web Push (RFC 8030) to many phones at once: sealed here, signed once an hour for each service, sent by the door."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from app.core.errors import ConfigurationFault, DeliveryFault, Gone, Permanent, Transient, UnknownOutcome
from app.core.outbound.push import Endpoint, Post, PushAnswer, PushDoor
from app.push import sealing
from app.push.client import TEXT_LIMIT, PushAddress, PushMessage, PushSender

TOKEN_LASTS_S = 12 * 60 * 60
# Kept far shorter than it lasts: the service's clock may differ from ours.
TOKEN_KEPT_S = 60 * 60
ORIGINS_KEPT = 200
MARK_LENGTH = 16

_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----\s?", re.DOTALL)


@dataclass(frozen=True)
class VapidKey:
    """Our key towards the push services. pem: private, PKCS8. contact: an e-mail that they can write to."""

    pem: bytes = field(repr=False)
    contact: str

    @property
    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def application_server_key(self) -> str:
        """What the browser is given when it subscribes: the public point, base64url without padding."""
        return sealing.public_point(self.private)

    @cached_property
    def mark(self) -> str:
        """What a subscription keeps to tell which key it was made with."""
        return self.application_server_key[:MARK_LENGTH]

    @cached_property
    def private(self) -> ec.EllipticCurvePrivateKey:
        return cast("ec.EllipticCurvePrivateKey", load_pem_private_key(self.pem, password=None))


def read_vapid_key(pem: bytes, subject: str) -> VapidKey:
    """Return the key that browsers subscribe with: the first one of `read_vapid_keys`."""
    return read_vapid_keys(pem, subject)[0]


def read_vapid_keys(pem: bytes, subject: str) -> Sequence[VapidKey]:
    """Return our keys, the newest first. subject: "mailto:" and an address (LAB_VAPID_SUBJECT).

    Who changes the key puts the new one above the old one in the file: phones that subscribed with the old one are told
    with that until their browsers have renewed. Raises ValueError with a sentence.
    """
    contact = subject.removeprefix("mailto:")
    if contact == subject or "@" not in contact:
        raise ValueError("LAB_VAPID_SUBJECT must be mailto: and an address.")
    # What stands outside the keys is a remark, e.g. the mark of a development key.
    found = [one.group() for one in _PEM.finditer(pem)]
    if not found:
        raise ValueError("LAB_VAPID_KEY_FILE holds no PEM key.")
    return [VapidKey(one, contact) for one in found]


class WebPushSender:
    """Seals, signs and sends; the connections are kept by the door.

    former: keys that some phones still are subscribed with, the oldest last. wall: seconds since 1970.
    """

    def __init__(
        self,
        key: VapidKey,
        door: PushDoor,
        *,
        former: Sequence[VapidKey] = (),
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._keys, self._door = {one.mark: one for one in (*former, key)}, door
        self._oldest = former[-1] if former else key
        self._monotonic, self._wall = monotonic, wall
        self._kept: dict[tuple[str, str], tuple[float, str]] = {}

    def send_all(self, messages: Sequence[tuple[PushAddress, PushMessage]]) -> Sequence[DeliveryFault | None]:
        """Send each once; see PushSender for the outcomes."""
        ready: list[Post | DeliveryFault] = [self._ready(address, message) for address, message in messages]
        posts = [one for one in ready if isinstance(one, Post)]
        answers = iter(self._door.post_all(posts)) if posts else iter(())
        return [one if isinstance(one, DeliveryFault) else _judged(next(answers), one.endpoint.host) for one in ready]

    def send(self, address: PushAddress, message: PushMessage) -> None:
        """Send one, and raise what became of it."""
        (fault,) = self.send_all([(address, message)])
        if fault is not None:
            raise fault

    def _ready(self, address: PushAddress, message: PushMessage) -> Post | DeliveryFault:
        try:
            return self.seal(address, message)
        except Permanent as fault:  # Gone is one of them
            return fault

    def seal(self, address: PushAddress, message: PushMessage) -> Post:
        """Return the message as it is sent.

        Raises Permanent: text too long, keys wrong, an endpoint we never call; Gone: subscribed with a key that we no
        longer have.
        """
        if len(message.body) > TEXT_LIMIT:
            raise Permanent("Varselet er for langt.")
        endpoint = self._door.check(address.endpoint)
        key = self._oldest if address.vapid_key is None else self._keys.get(address.vapid_key)
        if key is None:
            raise Gone("Abonnementet er laget med en nøkkel vi ikke har lenger.")
        try:
            body = sealing.seal(message.body, address.p256dh, address.auth)
        except ValueError as fault:
            raise Permanent("Nøklene til abonnementet er ikke gyldige.") from fault
        headers = {
            "Authorization": self._authorization(key, endpoint),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(message.ttl_s),
            "Topic": message.topic,
            "Urgency": "normal",
        }
        return Post(endpoint, body, headers)

    def _authorization(self, key: VapidKey, endpoint: Endpoint) -> str:
        """Return the signed header for a service, made once an hour: signing costs more than sealing."""
        made, header = self._kept.get((key.mark, endpoint.origin), (0.0, ""))
        if header and self._monotonic() - made < TOKEN_KEPT_S:
            return header
        expires = int(self._wall()) + TOKEN_LASTS_S
        header = sealing.signed(key.private, endpoint.origin, f"mailto:{key.contact}", expires=expires)
        if len(self._kept) >= ORIGINS_KEPT:
            self._kept.clear()
        self._kept[key.mark, endpoint.origin] = (self._monotonic(), header)
        return header

    def close(self) -> None:
        self._door.close()


def _judged(  # noqa: PLR0911 - one end for each kind of answer
    answer: PushAnswer | DeliveryFault, host: str
) -> DeliveryFault | None:
    """Return None if the message was taken, else what the status means.

    The phone chose the address, path and all, so a refusal speaks of this subscription and not of the channel. A 401
    or 403 may speak of our key: it is told, under the host's name, and the rest goes on.
    """
    if isinstance(answer, DeliveryFault):
        return answer
    status = answer.status
    if status in (200, 201, 202, 204):
        return None
    if status in (404, 410):
        return Gone("Abonnementet finnes ikke lenger.")
    if status in (401, 403):
        return ConfigurationFault(f"{host} godtar ikke nøkkelen vår ({status}).", scope=host)
    if status == 429:  # noqa: PLR2004 - too many requests
        return Transient("Varslingstjenesten ber oss vente.", retry_after=answer.retry_after)
    if status >= 500:  # noqa: PLR2004 - the fault is theirs, and it may have come after they took the message
        return UnknownOutcome(f"Varslingstjenesten svarte {status}. Vi vet ikke om varselet kom fram.")
    return Permanent(f"Varslingstjenesten svarte {status}.")


class NoSender:
    """Stands where no key was given: nothing can have been subscribed to, and what is left of it waits."""

    def send_all(self, messages: Sequence[tuple[PushAddress, PushMessage]]) -> Sequence[DeliveryFault | None]:
        return [ConfigurationFault("LAB_VAPID_KEY_FILE mangler. Varsler blir ikke sendt.")] * len(messages)


def build_sender(pem: bytes, *, subject: str, door: PushDoor) -> PushSender:
    """Return a sender with the keys of `read_vapid_keys`, or one that says that there is none."""
    if not pem:
        return NoSender()
    key, *former = read_vapid_keys(pem, subject)
    return WebPushSender(key, door, former=former)
