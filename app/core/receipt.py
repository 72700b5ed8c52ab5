"""Secret links: whoever holds one may see what its sender may see. Nothing of them is stored."""

import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

from itsdangerous import BadSignature, Signer

from app.core.errors import NotFound
from app.core.text import N_

_CODE_DIGITS = 6


def receipt_token(keys: Sequence[str], input_id: UUID) -> str:
    """Return the secret part of a receipt's address. keys: oldest first; the last one signs."""
    return _signer(keys, "receipt").sign(input_id.hex.encode()).decode()


def read_receipt(keys: Sequence[str], token: str) -> UUID:
    """Return whose receipt it is. Raises NotFound when no key of ours has signed it."""
    return _read(keys, "receipt", token)


def sign_in_link(keys: Sequence[str], code_id: UUID) -> str:
    """Return the secret part of a sign-in link's address; the same rules as for a receipt, and never the same text."""
    return _signer(keys, "sign-in").sign(code_id.hex.encode()).decode()


def read_sign_in_link(keys: Sequence[str], token: str) -> UUID:
    """Return whose link it is. Raises NotFound when no key of ours has signed it."""
    return _read(keys, "sign-in", token)


def one_time_code(key: str, code_id: UUID) -> str:
    """Return the six digits of a sign-in code. They follow from its id and our key, so they are stored nowhere."""
    digest = hmac.new(key.encode(), b"code:" + code_id.bytes, hashlib.sha256).digest()
    return str(int.from_bytes(digest[:8], "big") % 10**_CODE_DIGITS).zfill(_CODE_DIGITS)


def _read(keys: Sequence[str], purpose: str, token: str) -> UUID:
    try:
        return UUID(hex=_signer(keys, purpose).unsign(token.encode("utf-8", "replace")).decode())
    except (BadSignature, ValueError) as fault:
        raise NotFound(N_("Denne lenka stemmer ikke. Sjekk at hele er med.")) from fault


def _signer(keys: Sequence[str], purpose: str) -> Signer:
    return Signer(list(keys), salt=purpose, sep=".", digest_method=hashlib.sha256)
