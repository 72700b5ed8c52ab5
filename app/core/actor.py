"""Who does something."""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID


class Role(str, Enum):
    """What somebody may be. A citizen needs no account."""

    CITIZEN = "citizen"
    WORKSHOP_GROUP = "workshop_group"
    FACILITATOR = "facilitator"
    MODERATOR = "moderator"
    CASE_WORKER = "case_worker"
    WORKING_GROUP = "working_group"
    ADMINISTRATOR = "administrator"


STAFF = frozenset({Role.FACILITATOR, Role.MODERATOR, Role.CASE_WORKER, Role.WORKING_GROUP, Role.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: signed in (participant_id), or known only by a keyed hash of the device's cookie.

    device_key: 32 bytes, or None when the device has sent nothing yet. audit_key: who this is in the audit log, 32
    bytes that lead back to a person only while that person's salt is there; None for whoever is not signed in.
    """

    role: Role = Role.CITIZEN
    participant_id: UUID | None = None
    device_key: bytes | None = None
    audit_key: bytes | None = None

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF


NOBODY = Actor()
