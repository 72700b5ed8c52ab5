"""What people say about an idea: reading it, saying it, taking it back."""

from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.comments import query as comments
from app.comments.forms import CommentForm, CorrectionForm, ReplyForm
from app.comments.models import Comment, Stance
from app.comments.query import GROUPS
from app.core.actor import Actor
from app.core.errors import Conflict, NotFound
from app.core.text import N_
from app.ideas import query, service
from app.ideas.forms import AppealForm
from app.ideas.models import KIND
from app.ideas.routes import bp
from app.moderation import query as moderation
from app.web.access import open_to
from app.web.context import current_actor, now, remember_device
from app.web.errors import sentence
from app.web.extensions import limiter, session, settings
from app.web.htmx import respond, wants_fragment
from app.web.language import chosen_language, ngettext
from app.web.language import gettext as _
from app.web.moments import noon_of

THANKS = "takk"
WAITS_HERE = N_("Kommentaren din venter på at en i kommunen ser på den.")


@bp.get("/ideer/<uuid:idea_id>/kommenter")
@open_to()
def comment(idea_id: UUID) -> ResponseReturnValue:
    return _form_page(idea_id, _form(), 200)


@bp.post("/ideer/<uuid:idea_id>/kommenter")
@open_to()
@limiter.limit("20 per minute; 100 per hour")
def submit_comment(idea_id: UUID) -> ResponseReturnValue:
    form = _form()
    if not form.validate() or form.looks_private:
        return _form_page(idea_id, form, 422)
    actor = remember_device()
    draft = form.to_draft(
        idea_id, _id_in("svar_paa"), role_name=current_user.title if actor.is_staff else "", language=chosen_language()
    )
    try:
        comment_id, _new = service.comment_idea(
            session(),
            idea_id,
            draft,
            actor=actor,
            now=now(),
            undo_seconds=settings().undo_seconds,
            report_days=settings().report_days,
        )
    except Conflict as refusal:
        form.form_errors.append(sentence(refusal))
        return _form_page(idea_id, form, 409)
    if wants_fragment():
        sent = comments.one(session(), comment_id, idea_id, KIND, actor=actor).comment
        waits = sent.gone == "hidden"
        say = _(WAITS_HERE) if waits else _("Kommentaren din står her nå.")
        return _talk(idea_id, current_actor(), say=say, fresh=comment_id, waits=waits)
    return redirect(url_for(".one_comment", idea_id=idea_id, comment_id=comment_id, hilsen=THANKS), code=303)


@bp.get("/ideer/<uuid:idea_id>/kommentarer")
@open_to()
def more_comments(idea_id: UUID) -> ResponseReturnValue:
    """Show more of one stance; htmx puts them where its «Vis flere» was."""
    idea = _readable(idea_id)
    stances = {stance.value: stance for stance in GROUPS}
    stance = stances.get(request.args.get("slag", ""), GROUPS[0])
    found = comments.group(session(), idea_id, KIND, stance, after=_id_in("etter"), actor=current_actor())
    say = ngettext("%(num)s kommentar til.", "%(num)s kommentarer til.", len(found.comments))
    return respond(
        "ideas/comments.html",
        fragment="more",
        say=say,
        idea=idea,
        group=found,
        later=wants_fragment(),
        now=noon_of(now()),
    )


@bp.get("/ideer/<uuid:idea_id>/kommentarer/<uuid:comment_id>")
@open_to()
def one_comment(idea_id: UUID, comment_id: UUID) -> ResponseReturnValue:
    """Show one comment with all that was answered: its own address, and what its writer comes to when it is sent."""
    return comment_page(idea_id, comment_id, AppealForm(formdata=None))


def comment_page(idea_id: UUID, comment_id: UUID, appeal_form: AppealForm, status: int = 200) -> ResponseReturnValue:
    """Return the page of one comment; its writer is told there what was decided, and what can be done."""
    actor = current_actor()
    found = comments.one(session(), comment_id, idea_id, KIND, actor=actor, after=_id_in("etter"))
    own = found.comment.own and found.comment.gone != "withdrawn"
    return respond(
        "ideas/comment.html",
        status=status,
        idea=query.published_idea(session(), idea_id, actor=actor),
        found=found,
        story=moderation.story(session(), comment_id) if own else None,
        correctable=own and comments.can_correct(session(), comments.any_comment(session(), comment_id)),
        appeal_form=appeal_form,
        thanks=request.args.get("hilsen") == THANKS,
        now=noon_of(now()),
    )


@bp.post("/ideer/<uuid:idea_id>/kommentarer/<uuid:comment_id>/trekk-tilbake")
@open_to()
@limiter.limit("30 per minute")
def withdraw_comment(idea_id: UUID, comment_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    row = comments.get_comment(session(), comment_id, idea_id, KIND)
    service.withdraw_comment(session(), row, actor=actor, now=now())
    if wants_fragment():
        return _talk(idea_id, actor, say=_("Kommentaren er trukket tilbake."))
    return redirect(url_for(".one_comment", idea_id=idea_id, comment_id=comment_id), code=303)


@bp.get("/ideer/<uuid:idea_id>/kommentarer/<uuid:comment_id>/rett")
@open_to()
def correct_comment(idea_id: UUID, comment_id: UUID) -> ResponseReturnValue:
    comment = _own(idea_id, comment_id)
    if not comments.can_correct(session(), comment):
        return redirect(url_for(".one_comment", idea_id=idea_id, comment_id=comment_id), code=303)
    return _correction_page(comment, CorrectionForm(formdata=None, obj=comment), 200)


@bp.post("/ideer/<uuid:idea_id>/kommentarer/<uuid:comment_id>/rett")
@open_to()
@limiter.limit("20 per minute")
def submit_comment_correction(idea_id: UUID, comment_id: UUID) -> ResponseReturnValue:
    comment, form = _own(idea_id, comment_id), CorrectionForm()
    if not form.validate() or form.looks_private:
        return _correction_page(comment, form, 422)
    try:
        service.correct_comment(session(), comment, form.to_correction(), now=now(), report_days=settings().report_days)
    except Conflict as refusal:
        form.form_errors.append(sentence(refusal))
        return _correction_page(comment, form, 409)
    return redirect(url_for(".one_comment", idea_id=idea_id, comment_id=comment_id), code=303)


@bp.post("/ideer/<uuid:idea_id>/kommentarer/<uuid:comment_id>/uenig")
@open_to()
@limiter.limit("30 per minute")
def appeal_comment(idea_id: UUID, comment_id: UUID) -> ResponseReturnValue:
    comment, form = _own(idea_id, comment_id), AppealForm()
    if not form.validate_on_submit():
        return comment_page(idea_id, comment_id, form, status=422)
    service.appeal_comment(session(), comment, form.words.data, now=now())
    return redirect(url_for(".one_comment", idea_id=idea_id, comment_id=comment_id), code=303)


def _own(idea_id: UUID, comment_id: UUID) -> Comment:
    return comments.own_comment(session(), comment_id, idea_id, KIND, actor=current_actor())


def _correction_page(comment: Comment, form: CorrectionForm, status: int) -> ResponseReturnValue:
    return respond(
        "ideas/correct_comment.html",
        status=status,
        form=form,
        back=url_for(".one_comment", idea_id=comment.input_id, comment_id=comment.id),
        here=request.path,
        private=status == 422 and form.looks_private,  # noqa: PLR2004
        looked_at=comment.hidden_at is not None,
    )


def _form() -> CommentForm:
    return CommentForm() if _id_in("svar_paa") is None else ReplyForm()


def _form_page(idea_id: UUID, form: CommentForm, status: int) -> ResponseReturnValue:
    idea = query.published_idea(session(), idea_id, actor=current_actor())
    answers = _answered(idea_id)
    if status == 200 and not idea.readable:  # noqa: PLR2004 - what was typed is shown again, whatever became of the idea
        raise NotFound(N_("Vi fant ikke siden. Den kan ha fått ny adresse."))
    if status == 200 and answers is not None and answers.gone:  # noqa: PLR2004 - nobody need write what cannot be sent
        raise Conflict(N_("Kommentaren er tatt bort. Da kan ingen svare på den."))
    return respond(
        "ideas/write_comment.html",
        fragment="comment_form",
        status=status,
        idea=idea,
        form=form,
        answers=answers,
        parent_id=_id_in("svar_paa"),
        private=status == 422 and form.looks_private,  # noqa: PLR2004
        inline=wants_fragment(),
    )


def _answered(idea_id: UUID) -> comments.ShownComment | None:
    """Return the comment that is being answered, without its words when it is gone. Raises NotFound when it is none."""
    parent_id = _id_in("svar_paa")
    if parent_id is None:
        return None
    found = comments.one(session(), parent_id, idea_id, KIND, actor=current_actor())
    if found.comment.stance is Stance.REPLY:
        raise NotFound(N_("Vi fant ikke kommentaren."))
    return found.comment


def _talk(
    idea_id: UUID, actor: Actor, *, say: str, fresh: UUID | None = None, waits: bool = False
) -> ResponseReturnValue:
    """Return all that is said about the idea, as it is now.

    fresh: what this device has just said; waits: a person has to look at it first.
    """
    return respond(
        "ideas/show.html",
        fragment="talk",
        say=say,
        idea=query.published_idea(session(), idea_id, actor=actor),
        comments=comments.thread(session(), idea_id, KIND, actor=actor),
        fresh=fresh,
        waits=waits,
        changed=True,
        now=noon_of(now()),
    )


def _readable(idea_id: UUID) -> query.PublishedIdea:
    idea = query.published_idea(session(), idea_id, actor=current_actor())
    if not idea.readable:
        raise NotFound(N_("Vi fant ikke siden. Den kan ha fått ny adresse."))
    return idea


def _id_in(name: str) -> UUID | None:
    """Return the id that stands in the address under this name; what is none is as if it had not been there."""
    try:
        return UUID(request.args.get(name, ""))
    except ValueError:
        return None
