"""Ideas for everybody: the list, one idea, a new one, support."""

from collections.abc import Collection, Mapping
from uuid import UUID

from flask import jsonify, make_response, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from app.areas.query import areas
from app.comments import query as comments
from app.core.actor import NOBODY, Actor
from app.core.errors import Conflict, NotFound, RuleBroken
from app.core.goals import GOALS
from app.core.receipt import receipt_token
from app.core.text import N_, clean_line
from app.files import service as files
from app.files.service import Original
from app.files.store import picture_store
from app.ideas import query, service
from app.ideas.forms import IdeaForm
from app.ideas.models import KIND, TITLE_LENGTH
from app.ideas.query import Filter, Order, PublishedIdea
from app.ideas.routes import bp
from app.parcels import query as parcels
from app.parcels import service as parcel_service
from app.parcels.models import Step
from app.parcels.query import LABELS
from app.processes.models import Activity
from app.processes.query import Door, door_to, find_published, idepool, is_open
from app.web.access import open_to
from app.web.context import current_actor, now, person_mark, remember_device
from app.web.errors import sentence, wants_json
from app.web.extensions import limiter, session, settings
from app.web.htmx import respond, wants_fragment
from app.web.language import chosen_language, ngettext
from app.web.language import gettext as _
from app.web.moments import noon_of
from app.web.poster import poster_answer
from app.web.security import KEEP, OFFLINE
from app.web.sharecard import card_answer

LONGEST_SEARCH = 100
# Which form this device sent last: its receipt tells the phone to forget that draft.
SENT = "sendt"
LAST_PAGE = 500


@bp.get("/ideer", defaults={"slug": ""})
@bp.get("/prosesser/<slug>/ideer")
@open_to()
def index(slug: str) -> ResponseReturnValue:
    """Show all ideas, or those of one process."""
    process_title = find_published(session(), slug).title if slug else ""
    known = areas(session(), with_closed=True)
    wanted, page = _wanted(slug, request.args, {area.slug for area in known})
    found = query.list_ideas(session(), wanted, page=page)
    say = None if found.count is None else ngettext("%(num)s idé", "%(num)s idéer", found.count)
    response = respond(
        "ideas/index.html",
        fragment="more" if page > 1 else "results",
        say=say,
        found=found,
        wanted=wanted,
        slug=slug or None,
        process_title=process_title,
        areas=tuple(area for area in known if not area.closed),
        steps=tuple(LABELS.items()),
        goal_name=GOALS[wanted.goal] if wanted.goal else "",
        kept=True,
        today=noon_of(now()),
    )
    response.headers[OFFLINE] = "1"
    return response


def _wanted(slug: str, asked: Mapping[str, str], known: Collection[str]) -> tuple[Filter, int]:
    """Read the filter from the address; what makes no sense is as if it had not been asked."""
    steps = {step.value: step for step in Step}
    orders = {order.value: order for order in Order}
    goals = {str(goal): goal for goal in GOALS}
    number = asked.get("side", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) <= 3 else 1  # noqa: PLR2004
    area = asked.get("omrade", "")
    wanted = Filter(
        process=slug,
        area=area if area in known else "",
        step=steps.get(asked.get("status", "")),
        words=asked.get("sok", "").replace("\x00", "")[:LONGEST_SEARCH],
        order=orders.get(asked.get("sorter", ""), Order.NEWEST),
        goal=goals.get(asked.get("mal", "")),
    )
    return wanted, min(max(page, 1), LAST_PAGE)


@bp.get("/ideer/ny", defaults={"slug": ""})
@bp.get("/prosesser/<slug>/ideer/ny")
@open_to()
def new(slug: str) -> ResponseReturnValue:
    if slug and not is_open(_door(slug), now=now()):
        return redirect(url_for("processes.show", slug=slug), code=303)
    if KEEP in request.headers:
        return _form_to_keep(slug)
    return idea_form_page(_form(), slug)


def _form_to_keep(slug: str) -> ResponseReturnValue:
    """Give the form as it is for everybody, without token and key: the phone keeps it, and asks for them to send."""
    form = IdeaForm(meta={"csrf": False})
    form.offer(areas(session()))
    form.submission_id.data = ""
    response = make_response(idea_form_page(form, slug, for_all=True))
    response.headers[OFFLINE] = "1"
    return response


@bp.get("/ideer/ligner")
@open_to()
@limiter.limit("120 per minute")
def similar() -> ResponseReturnValue:
    """Show ideas like the title that somebody is typing: htmx puts them below the field. Elsewhere it is a search."""
    title = clean_line(request.args.get("title", "")[:TITLE_LENGTH])
    if not wants_fragment():
        return redirect(url_for(".index", sok=title or None), code=303)
    found = query.similar_ideas(session(), title)
    say = ngettext("%(num)s idé ligner.", "%(num)s idéer ligner.", len(found)) if found else None
    return respond("ideas/similar.html", fragment="similar", say=say, found=found)


@bp.post("/ideer/ny", defaults={"slug": ""})
@bp.post("/prosesser/<slug>/ideer/ny")
@open_to()
@limiter.limit("30 per minute; 200 per hour")
def submit(slug: str) -> ResponseReturnValue:
    store = picture_store(settings())
    try:
        pictures = files.receive(request.files.getlist("pictures"), store=store)
    except RuleBroken as refusal:
        form = _form()
        form.validate()
        form.pictures.errors = [sentence(refusal)]
        return _refused(form, slug)
    form = _form()
    if (first := _sent_before(form, pictures)) is not None:
        files.discard(pictures, store=store)
        return _received(first, form)
    if not form.validate() or form.personal_data_fields():
        files.discard(pictures, store=store)
        return _refused(form, slug)
    try:
        return _store(form, pictures, _door(slug))
    except Conflict as refusal:  # it closed while they wrote: the page still holds what they wrote
        files.discard(pictures, store=store)
        form.form_errors.append(sentence(refusal))
        return _refused(form, slug, status=409)


def _door(slug: str) -> Door:
    return door_to(session(), slug, Activity.IDEAS, now=now()) if slug else idepool(session())


def _store(form: IdeaForm, pictures: tuple[Original, ...], door: Door) -> ResponseReturnValue:
    idea_id, _new = service.submit_idea(
        session(),
        door,
        form.to_draft(pictures, chosen_language()),
        pictures,
        store=picture_store(settings()),
        actor=remember_device(),
        now=now(),
        undo_seconds=settings().undo_seconds,
        report_days=settings().report_days,
    )
    return _received(idea_id, form)


def _sent_before(form: IdeaForm, pictures: tuple[Original, ...]) -> UUID | None:
    """Return what this very form has stored already. Asked before the rules: they may have changed since it was sent.

    A phone that never heard the answer sends it again, perhaps after its focus area was closed.
    """
    mark = form.to_mark(pictures)
    return None if mark is None else service.sent_before(session(), mark)


def _received(idea_id: UUID, form: IdeaForm) -> ResponseReturnValue:
    key = str(form.submission_id.read_key())
    cookie[SENT] = key
    address = url_for(".receipt", token=receipt_token(settings().secret_keys(), idea_id))
    if wants_json():
        receipt = {"ok": True, "submission_id": key, "receipt": address, "id": str(idea_id)}
        return make_response(jsonify(receipt), 201)
    return redirect(address, code=303)


def _form() -> IdeaForm:
    form = IdeaForm()
    form.offer(areas(session()))
    return form


def idea_form_page(
    form: IdeaForm, slug: str, status: int = 200, *, for_all: bool = False, shared: bool = False
) -> ResponseReturnValue:
    """Show the form. for_all: as it is for everybody, so that a phone may keep it. shared: with what others gave us."""
    came_back = status != 200  # noqa: PLR2004
    return respond(
        "ideas/new.html",
        fragment="idea_form",
        status=status,
        form=form,
        who=None if for_all else person_mark(),
        slug=slug or None,
        process_title=find_published(session(), slug).title if slug else "",
        areas=areas(session()),
        found=form.personal_data_fields() if came_back else [],
        lost_pictures=(came_back or shared) and any(f.filename for f in request.files.getlist("pictures")),
        shared=shared,
    )


def _refused(form: IdeaForm, slug: str, status: int = 422) -> ResponseReturnValue:
    if wants_json():
        errors = {name: [str(error) for error in found] for name, found in form.errors.items() if name}
        errors |= {"form": [str(error) for error in form.form_errors]} if form.form_errors else {}
        if form.personal_data_fields():
            errors["kept"] = [_("Det ser ut som du har skrevet noe privat.")]
        return make_response(jsonify(ok=False, submission_id=form.submission_id.data, errors=errors), status)
    return idea_form_page(form, slug, status)


@bp.get("/ideer/<uuid:idea_id>")
@open_to()
def show(idea_id: UUID) -> ResponseReturnValue:
    actor = current_actor()
    idea = query.published_idea(session(), idea_id, actor=actor)
    return respond(
        "ideas/show.html",
        fragment="parcel_panel",
        idea=idea,
        receipt=_own_receipt(idea, actor),
        supported=query.supports(session(), idea_id, actor),
        following=parcels.follows(session(), idea_id, actor),
        comments=comments.thread(session(), idea_id, KIND, actor=actor) if idea.readable else (),
        fresh=None,
        waits=False,
        correctable=_correctable(idea, actor),
        changed=False,
        goal_names=tuple((goal, GOALS[goal]) for goal in idea.goals),
        site=settings().public_url.rstrip("/"),
        live_url=settings().live_url,
        now=noon_of(now()),
        kept=True,
    )


def _own_receipt(idea: PublishedIdea, actor: Actor) -> str | None:
    """Return the way to the receipt for whoever reads what others do not: the writer, who can do something there."""
    if not idea.hidden_reason or not idea.readable or actor.is_staff:
        return None
    return url_for(".receipt", token=receipt_token(settings().secret_keys(), idea.id))


@bp.get("/ideer/<uuid:idea_id>/delekort.png")
@open_to()
@limiter.limit("60 per minute")
def card(idea_id: UUID) -> ResponseReturnValue:
    """The picture for those who share the address: made of what everybody may read, for everybody alike."""
    idea = _read_by_all(idea_id)
    return card_answer(idea.title, _("Idé"))


@bp.get("/ideer/<uuid:idea_id>/plakat.pdf")
@open_to()
@limiter.limit("30 per minute")
def poster(idea_id: UUID) -> ResponseReturnValue:
    """The poster to hang up where people meet: made of what everybody may read."""
    idea = _read_by_all(idea_id)
    call, lines = _("Skann og si hva du mener."), [_("Kommunen leser det du skriver.")]
    path, size = url_for(".show", idea_id=idea_id), request.args.get("storrelse", "a4")
    return poster_answer(idea.title, _("Idé"), call, lines, path=path, size=size)


def _read_by_all(idea_id: UUID) -> PublishedIdea:
    """Return an idea that everybody may read; for its writer too it is else not there (NotFound)."""
    idea = query.published_idea(session(), idea_id, actor=NOBODY)
    if not idea.readable:
        raise NotFound(N_("Vi fant ikke siden. Den kan ha fått ny adresse."))
    return idea


def _correctable(idea: PublishedIdea, actor: Actor) -> bool:
    """Tell whether who asks has sent it and can still put it right; asked only where that may be."""
    if not idea.readable or (idea.support_count and not idea.hidden_reason):
        return False
    return query.is_own(session(), idea.id, actor) and query.can_correct(session(), idea.id)


@bp.post("/ideer/<uuid:idea_id>/folg")
@open_to()
@limiter.limit("60 per minute")
def follow(idea_id: UUID) -> ResponseReturnValue:
    idea = query.get_idea(session(), idea_id)
    actor = remember_device()
    wanted = request.form.get("pressed") != "true"
    if wanted:
        parcel_service.follow(session(), idea.id, actor=actor, now=now())
    else:
        parcel_service.unfollow(session(), idea.id, actor=actor)
    say = _("Du følger idéen.") if wanted else _("Du følger ikke idéen lenger.")
    if wants_fragment():
        return respond("ideas/followed.html", fragment="follow", say=say, idea_id=idea_id, following=wanted)
    return redirect(url_for(".show", idea_id=idea_id), code=303)


@bp.post("/ideer/<uuid:idea_id>/stott")
@open_to()
@limiter.limit("60 per minute")
def support(idea_id: UUID) -> ResponseReturnValue:
    idea = query.get_idea(session(), idea_id)
    actor = remember_device()
    wanted = request.form.get("pressed") != "true"
    if wanted:
        service.support_idea(session(), idea, actor=actor, now=now())
    else:
        service.unsupport_idea(session(), idea, actor=actor)
    count = idea.support_count
    supporters = ngettext("%(num)s støtter.", "%(num)s støtter.", count)
    say = _("Du støtter. %(supporters)s", supporters=supporters) if wanted else supporters
    if request.headers.get("HX-Request"):
        part = "count" if request.form.get("show") == "count" else "support"
        return respond(
            "ideas/supported.html", fragment=part, say=say, sentence=say, idea_id=idea_id, count=count, supported=wanted
        )
    return redirect(url_for(".show", idea_id=idea_id), code=303)
