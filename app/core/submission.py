"""What makes two submissions the same: the phone's key, and a digest of the content."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Submission:
    """One thing that somebody sent. key: the phone's own, 128 random bits."""

    key_hash: bytes
    digest: bytes


def submission(key: UUID, fields: Mapping[str, str], file_digests: Iterable[str]) -> Submission:
    """Return the mark of what was sent: sorted field names and values, and the SHA-256 of each file, in order.

    The raw body is not used: its boundary and its CSRF token differ between two tries of the same thing.
    """
    said = json.dumps([sorted(fields.items()), list(file_digests)], ensure_ascii=False, separators=(",", ":"))
    return Submission(hashlib.sha256(key.bytes).digest(), hashlib.sha256(said.encode()).digest())
