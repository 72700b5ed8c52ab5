"""How a rule says no (four ways), and how a delivery fails (four ways)."""


class DomainError(Exception):
    """A rule said no. The message is what the citizen reads; `values` fill its named places after translation."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


class NotFound(DomainError):
    """It is not there, or it is not yours to know."""


class NotAllowed(DomainError):
    """It is there, and you may not."""


class Conflict(DomainError):
    """It could have been done, but not now."""


class RuleBroken(DomainError):
    """What was sent breaks a rule. field: the form field it belongs to, if one."""

    def __init__(self, message: str, *, field: str | None = None, **values: object) -> None:
        super().__init__(message, **values)
        self.field = field


class DeliveryFault(Exception):
    """A call to another system failed. The message is for staff: plain Norwegian, no personal data."""


class Transient(DeliveryFault):
    """Surely not accepted: try again later. retry_after: seconds the receiver asked for, or None.

    for_many: other deliveries wait for this one, so its failures alone tell that the receiver is away.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, for_many: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.for_many = for_many


class NotYet(DeliveryFault):
    """Something of our own is not ready (a picture, a folder): come back after `seconds`; no try is counted."""

    def __init__(self, message: str, *, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class Permanent(DeliveryFault):
    """This one will never pass as it is."""


class Gone(Permanent):
    """The recipient is no more (a push subscription that answered 404 or 410)."""


class ConfigurationFault(DeliveryFault):
    """All of them would fail. scope: what is paused, "channel" or e.g. "folder:mobilitet".

    may_have_arrived: the call was a write, and the answer does not tell whether it was accepted.
    """

    def __init__(self, message: str, *, scope: str = "channel", may_have_arrived: bool = False) -> None:
        super().__init__(message)
        self.scope = scope
        self.may_have_arrived = may_have_arrived


class UnknownOutcome(DeliveryFault):
    """A write may have been accepted: look it up before anything is sent again."""


class Unclear(DeliveryFault):
    """It may have been accepted, and the receiver can neither search nor recognise it: a person decides."""


class LeaseLost(Exception):
    """The delivery is no longer ours; store nothing."""
