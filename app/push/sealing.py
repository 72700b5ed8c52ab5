"""Sealing and signing of push messages: RFC 8291 and 8188 (aes128gcm), and VAPID (RFC 8292).

Written here because thousands go out at once: the library webpush takes some 250 µs for each message, this some 85, of
which cryptography's own P-256 takes 60 (docs/adr/0021). Each message has a fresh key, as RFC 8291 asks: one for many
would tell the push services which phones were told the same.
"""

import base64
import binascii
import hmac
import json
import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

POINT, AUTH = 65, 16

_CURVE, _ECDH = ec.SECP256R1(), ec.ECDH()
# RFC 8188: the size of a record, and the length of the key's name, which is the sender's public point.
_HEAD = (4096).to_bytes(4, "big") + bytes([POINT])
_LAST_RECORD = b"\x02"


def seal(text: bytes, p256dh: str, auth: str) -> bytes:
    """Return `text` as only this phone can read it. p256dh, auth: as its browser gave them.

    Raises ValueError when they are no keys.
    """
    return sealed_with(ec.generate_private_key(_CURVE), os.urandom(16), text, p256dh, auth)


def sealed_with(key: ec.EllipticCurvePrivateKey, salt: bytes, text: bytes, p256dh: str, auth: str) -> bytes:
    """Return `text` sealed with this key and these 16 bytes; for `seal`, and to compare with the RFC's example."""
    point, secret = decoded(p256dh, POINT), decoded(auth, AUTH)
    ours = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = key.exchange(_ECDH, ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point))
    # HKDF (RFC 5869) with one block of output each time: the extract, and the first and only expand.
    asked = _hmac(_hmac(secret, shared), b"WebPush: info\x00" + point + ours + b"\x01")
    source = _hmac(salt, asked)
    content_key = _hmac(source, b"Content-Encoding: aes128gcm\x00\x01")[:16]
    nonce = _hmac(source, b"Content-Encoding: nonce\x00\x01")[:12]
    return salt + _HEAD + ours + AESGCM(content_key).encrypt(nonce, text + _LAST_RECORD, None)


def signed(key: ec.EllipticCurvePrivateKey, audience: str, subject: str, *, expires: int) -> str:
    """Return the Authorization header for one push service. audience: its origin; expires: seconds since 1970."""
    claims = {"aud": audience, "exp": expires, "sub": subject}
    text = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
    signature = encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={text}.{signature},k={public_point(key)}"


def public_point(key: ec.EllipticCurvePrivateKey) -> str:
    """Return what a browser is given to subscribe with: the public point in base64url."""
    return encoded(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str, length: int) -> bytes:
    """Return base64url as bytes of exactly `length`, or raise ValueError."""
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as fault:
        raise ValueError("not base64url") from fault
    if len(found) != length:
        raise ValueError(f"not {length} bytes")
    return found


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _json(said: dict[str, object]) -> str:
    return encoded(json.dumps(said, separators=(",", ":")).encode())
