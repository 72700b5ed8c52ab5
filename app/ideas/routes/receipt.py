"""The receipt: a secret link, so that somebody without an account finds the answer again."""

from flask import Response, redirect, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from app.core.receipt import read_receipt
from app.ideas import query, service
from app.ideas.forms import AppealForm
from app.ideas.models import Idea
from app.ideas.routes import bp
from app.ideas.routes.public import SENT
from app.moderation import query as moderation
from app.outbox import service as outbox
from app.web.access import open_to
from app.web.context import current_actor, now
from app.web.extensions import limiter, session, settings
from app.web.htmx import respond
from app.web.qr import qr_svg


@bp.get("/kvittering/<token>")
@open_to()
def receipt(token: str) -> ResponseReturnValue:
    return _page(token, AppealForm(formdata=None))


def _page(token: str, appeal_form: AppealForm, status: int = 200) -> ResponseReturnValue:
    idea = _idea(token)
    address = settings().public_url.rstrip("/") + url_for(".receipt", token=token)
    actor = current_actor()
    because, own_words = query.why_hidden(idea)
    response = respond(
        "ideas/receipt.html",
        status=status,
        story=moderation.story(session(), idea.id),
        appeal_form=appeal_form,
        because=because,
        own_words=own_words,
        idea=query.published_idea(session(), idea.id, actor=actor),
        title=idea.title,
        submission=cookie.get(SENT, ""),
        token=token,
        correctable=query.can_correct(session(), idea.id),
        address=address,
        undone=_undone(idea),
        qr=qr_svg(address),
        undo_until=_undo_until(idea),
        answer_days=settings().answer_days,
        live_url=settings().live_url,
        now=now(),
    )
    return _secret(response)


def _secret(response: Response) -> Response:
    """Let nobody keep a page whose address is a secret, nor pass the address on."""
    response.headers["Cache-Control"] = "no-store"
    # Our origin and never the secret path. With nothing at all, the browser would send «Angre» as from nowhere.
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@bp.post("/kvittering/<token>/angre")
@open_to()
@limiter.limit("30 per minute")
def undo(token: str) -> ResponseReturnValue:
    service.undo_idea(session(), _idea(token), now=now(), undo_seconds=settings().undo_seconds)
    return redirect(url_for(".receipt", token=token), code=303)


@bp.post("/kvittering/<token>/trekk-tilbake")
@open_to()
@limiter.limit("30 per minute")
def withdraw(token: str) -> ResponseReturnValue:
    service.withdraw_idea(session(), _idea(token), now=now())
    return redirect(url_for(".receipt", token=token), code=303)


@bp.post("/kvittering/<token>/uenig")
@open_to()
@limiter.limit("30 per minute")
def appeal(token: str) -> ResponseReturnValue:
    form = AppealForm()
    if not form.validate_on_submit():
        return _page(token, form, status=422)
    service.appeal_idea(session(), _idea(token), form.words.data, now=now())
    return redirect(url_for(".receipt", token=token), code=303)


def _idea(token: str) -> Idea:
    return query.get_idea(session(), read_receipt(settings().secret_keys(), token))


def _undone(idea: Idea) -> bool:
    """Tell whether it was taken back before it left, so that nobody has got it."""
    stays_s = settings().undo_seconds + outbox.LEAVES_AFTER.total_seconds()
    return idea.withdrawn_at is not None and (idea.withdrawn_at - idea.submitted_at).total_seconds() < stays_s


def _undo_until(idea: Idea) -> float | None:
    """Return how many seconds are left to regret, or None when it is over or done."""
    left = settings().undo_seconds - (now() - idea.submitted_at).total_seconds()
    return left if left > 0 and idea.withdrawn_at is None else None
