"""Somebody wants to sign in: mail the code and the link."""

from app.accounts import query as accounts
from app.accounts.events import SignInCodeWanted
from app.mail import service
from app.outbox.models import DeliveryState, OutboxEvent
from workers.work import Work

CHANNEL = "mail"
QUEUE = "send"


def handle(work: Work, event: OutboxEvent) -> None:
    fact = SignInCodeWanted.model_validate(event.payload)
    with work.transaction() as session:
        found = accounts.code_to_send(session, fact.code_id, work.settings.secret_keys())
    if found is None:
        with work.settle(DeliveryState.NEVER, reason="Koden er borte, eller kontoen er stengt"):
            return
    url = f"{work.settings.public_url.rstrip('/')}/logg-inn/lenke/{found.link}"
    letter = service.sign_in_letter(found.email, found.language, code=found.digits, url=url)
    work.ports.mail.send(letter, reference=work.reference, now=work.now)
    with work.settle(DeliveryState.ACCEPTED):
        pass
