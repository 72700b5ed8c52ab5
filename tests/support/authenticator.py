"""A device that makes and uses passkeys, in software: honest, and faulty on demand.

It shares no code with the product: it writes its own authenticator data and signatures (WebAuthn Level 3, 6.1, 6.5).
"""

import base64
import hashlib
import json
import secrets
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, HAS_KEY = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One key. A fault is planted by changing a field.

    origin, host: where its browser says it stands. flags: of the authenticator data. counts: whether it counts at all.
    said: changes the client data. key: what it signs with.
    """

    origin: str = "http://localhost"
    host: str = "localhost"
    flags: int = PRESENT | VERIFIED
    counts: bool = True
    count: int = 0
    said: dict[str, Any] = field(default_factory=dict)
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, question: Mapping[str, Any]) -> str:
        """Answer navigator.credentials.create()."""
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        key = bytes(range(16)) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(cose)
        attested = {"fmt": "none", "attStmt": {}, "authData": self._data(self.flags | HAS_KEY) + key}
        client = self._client("webauthn.create", question)
        return self._answer({"clientDataJSON": client, "attestationObject": cbor2.dumps(attested)})

    def use(self, question: Mapping[str, Any]) -> str:
        """Answer navigator.credentials.get()."""
        self.count += 1 if self.counts else 0
        data, client = self._data(self.flags), self._client("webauthn.get", question)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"clientDataJSON": client, "authenticatorData": data, "signature": signature})

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client(self, kind: str, question: Mapping[str, Any]) -> bytes:
        said = {"type": kind, "challenge": question["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **self.said}).encode()

    def _answer(self, parts: Mapping[str, bytes]) -> str:
        response = {name: _text(value) for name, value in parts.items()}
        return json.dumps({"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": response})


def changed(answer: str, change: Callable[[dict[str, Any]], object]) -> str:
    """Return an answer after `change` has been at it."""
    said = json.loads(answer)
    change(said)
    return json.dumps(said)


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
