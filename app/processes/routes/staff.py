"""Processes for staff: begin, write, preview, publish, tell news, copy, end."""

from uuid import UUID, uuid4

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from app.accounts.query import staff_at_work
from app.areas.query import areas
from app.core.actor import STAFF
from app.core.errors import Conflict, RuleBroken
from app.core.lix import read
from app.core.submission import submission
from app.core.text import N_
from app.files import query as pictures
from app.files import service as files
from app.files.service import Original
from app.files.store import picture_store
from app.processes import forms, query, service
from app.processes.forms import READ_BY_ALL, EndForm, NewsForm, PictureForm, ProcessForm, TitleForm
from app.processes.models import Process, State
from app.processes.policy import MAKERS, may_end, may_make
from app.processes.routes import bp
from app.processes.service import Pen, Typed
from app.web.access import open_to
from app.web.context import current_actor, now
from app.web.errors import sentence
from app.web.extensions import session, settings
from app.web.htmx import respond, wants_fragment
from app.web.language import gettext as _

# What the page says after something was done: the address tells which.
DONE = {
    "lagret": N_("Utkastet er lagret."),
    "publisert": N_("Publisert. Nå kan alle se den."),
    "nyhet": N_("Nyheten er ute."),
    "avsluttet": N_("Avsluttet. Nå kan alle se hva som ble gjort."),
    "bilde": N_("Bildet er lagret. Alle ser det når du publiserer."),
    "uten-bilde": N_("Bildet er tatt bort. Alle ser det til du publiserer."),
    "kopiert": N_("Kopien er klar. Velg nye datoer."),
    "slettet": N_("Utkastet er slettet."),
}


@bp.get("/arbeidsflate/prosesser")
@open_to(*STAFF)
def desk() -> ResponseReturnValue:
    return _list(TitleForm(formdata=None))


@bp.post("/arbeidsflate/prosesser")
@open_to(*MAKERS)
def begin() -> ResponseReturnValue:
    form = TitleForm()
    if not form.validate_on_submit():
        return _list(form, status=422)
    typed = {"title": [form.title.data], "owner": [str(current_actor().participant_id)], "moderation": ["after"]}
    return redirect(_begun(form, typed), code=303)


def _list(form: TitleForm, status: int = 200) -> ResponseReturnValue:
    actor = current_actor()
    return respond(
        "processes/desk.html",
        status=status,
        say=_done(),
        found=query.processes_for(session(), actor),
        form=form,
        may_make=may_make(actor),
        now=now(),
    )


def _begun(form: TitleForm, typed: Typed, done: str | None = None) -> str:
    """Make a draft of what was typed, and return the address of its editor."""
    key = submission(form.submission_id.key, {}, [])
    title = typed["title"][0]
    process_id = service.begin_process(session(), title, typed, submission=key, actor=current_actor(), now=now())
    return url_for(".edit", process_id=process_id, gjort=done)


def _done() -> str | None:
    done = DONE.get(request.args.get("gjort", ""))
    return _(done) if done else None


@bp.get("/arbeidsflate/prosesser/<uuid:process_id>")
@open_to(*STAFF)
def edit(process_id: UUID) -> ResponseReturnValue:
    process = _process(process_id)
    if process.state == State.ENDED.value:
        return redirect(url_for(".show", slug=process.slug), code=303)
    return _editor(process, _typed(process))


@bp.post("/arbeidsflate/prosesser/<uuid:process_id>/utkast")
@open_to(*STAFF)
def save(process_id: UUID) -> ResponseReturnValue:
    """Keep what is being written: by itself as somebody writes, or when they ask, with a phase more or less."""
    process, typed = _process(process_id), forms.typed_in(request.form)
    if "legg-til" in request.form:
        typed = forms.with_another_phase(typed)
    if "ta-bort" in request.form:
        typed = forms.without_phase(typed, _number(request.form["ta-bort"]))
    copy = service.save_copy(session(), process, typed, _pen(), actor=current_actor(), now=now())
    if wants_fragment():
        texts = {name: read((typed.get(name) or [""])[0]) for name in READ_BY_ALL}
        return respond("processes/saved.html", fragment="saved", saved_at=copy.saved_at, texts=texts)
    anchor = "phases" if {"legg-til", "ta-bort"} & set(request.form) else None
    return redirect(url_for(".edit", process_id=process_id, gjort="lagret", _anchor=anchor), code=303)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else -1  # noqa: PLR2004


@bp.post("/arbeidsflate/prosesser/<uuid:process_id>/publiser")
@open_to(*STAFF)
def publish(process_id: UUID) -> ResponseReturnValue:
    process, typed = _process(process_id), forms.typed_in(request.form)
    form = _form(process, typed)
    if form.validate():
        try:
            actor = current_actor()
            service.publish_process(session(), process, form.to_draft(), typed, _pen(), actor=actor, now=now())
            return redirect(url_for(".edit", process_id=process_id, gjort="publisert"), code=303)
        except RuleBroken as refusal:
            form[refusal.field].errors = [sentence(refusal)]
    return _editor(process, typed, form=form)


@bp.get("/arbeidsflate/prosesser/<uuid:process_id>/forhandsvis")
@open_to(*STAFF)
def preview(process_id: UUID) -> ResponseReturnValue:
    process = _process(process_id)
    return respond("processes/preview.html", process=process, shown=_as_typed(process), now=now())


@bp.post("/arbeidsflate/prosesser/<uuid:process_id>/kopier")
@open_to(*STAFF)
def copy(process_id: UUID) -> ResponseReturnValue:
    form = TitleForm()
    form.validate()  # the key is all that matters: the title follows from the first one
    typed = service.copied(_typed(_process(process_id)))
    return redirect(_begun(form, typed, "kopiert"), code=303)


@bp.post("/arbeidsflate/prosesser/<uuid:process_id>/slett")
@open_to(*STAFF)
def discard(process_id: UUID) -> ResponseReturnValue:
    service.discard_draft(session(), _process(process_id), now=now())
    return redirect(url_for(".desk", gjort="slettet"), code=303)


@bp.get("/arbeidsflate/prosesser/<uuid:process_id>/bilde")
@open_to(*STAFF)
def picture(process_id: UUID) -> ResponseReturnValue:
    process = _process(process_id)
    return _picture_page(process, PictureForm(formdata=None, data={"alt": _chosen(process)[1]}))


@bp.post("/arbeidsflate/prosesser/<uuid:process_id>/bilde")
@open_to(*STAFF)
def choose_picture(process_id: UUID) -> ResponseReturnValue:
    process, form = _process(process_id), PictureForm()
    store = picture_store(settings())
    received: tuple[Original, ...] = ()
    try:
        right = form.validate_on_submit()
        received = files.receive(request.files.getlist("picture")[:1], store=store)
        if right:
            original = received[0] if received else None
            actor = current_actor()
            service.choose_picture(session(), process, _typed(process), original, form.alt.data, actor=actor, now=now())
            return redirect(url_for(".edit", process_id=process_id, gjort="bilde"), code=303)
    except RuleBroken as refusal:
        form["picture" if refusal.field == files.FIELD else refusal.field].errors = [sentence(refusal)]
    except Conflict:
        files.discard(received, store=store)
        raise
    files.discard(received, store=store)
    return _picture_page(process, form, status=422)


@bp.post("/arbeidsflate/prosesser/<uuid:process_id>/bilde/ta-bort")
@open_to(*STAFF)
def drop_picture(process_id: UUID) -> ResponseReturnValue:
    process = _process(process_id)
    service.drop_picture(session(), process, _typed(process), actor=current_actor(), now=now())
    return redirect(url_for(".edit", process_id=process_id, gjort="uten-bilde"), code=303)


def _picture_page(process: Process, form: PictureForm, status: int = 200) -> ResponseReturnValue:
    if process.state == State.ENDED.value:
        return redirect(url_for(".show", slug=process.slug), code=303)
    picture_id, alt = _chosen(process)
    chosen = pictures.shown_picture_or_none(session(), picture_id) if picture_id else None
    return respond("processes/picture.html", status=status, process=process, form=form, chosen=chosen, alt=alt)


def _chosen(process: Process) -> tuple[UUID | None, str]:
    """Return the picture that is being shown next, and what it shows: of what is being written, else what is public."""
    copy = query.working_copy_or_none(session(), process.id)
    return (copy.picture_id, copy.picture_alt) if copy else (process.picture_id, process.picture_alt)


@bp.get("/arbeidsflate/prosesser/<uuid:process_id>/avslutt")
@open_to(*STAFF)
def ending(process_id: UUID) -> ResponseReturnValue:
    return _ending(_process(process_id), EndForm(formdata=None))


@bp.post("/arbeidsflate/prosesser/<uuid:process_id>/avslutt")
@open_to(*STAFF)
def end(process_id: UUID) -> ResponseReturnValue:
    process, form = _process(process_id), EndForm()
    if not form.validate_on_submit():
        return _ending(process, form, status=422)
    service.end_process(session(), process, form.outcome.data, actor=current_actor(), now=now())
    return redirect(url_for(".desk", gjort="avsluttet"), code=303)


def _ending(process: Process, form: EndForm, status: int = 200) -> ResponseReturnValue:
    if process.state == State.ENDED.value:
        return redirect(url_for(".show", slug=process.slug), code=303)
    return respond("processes/end.html", status=status, process=process, form=form)


@bp.get("/arbeidsflate/prosesser/<uuid:process_id>/nyhet")
@open_to(*STAFF)
def new_news(process_id: UUID) -> ResponseReturnValue:
    return respond("processes/news.html", process=_process(process_id), form=NewsForm(formdata=None))


@bp.post("/arbeidsflate/prosesser/<uuid:process_id>/nyhet")
@open_to(*STAFF)
def tell_news(process_id: UUID) -> ResponseReturnValue:
    process, form = _process(process_id), NewsForm()
    if not form.validate_on_submit():
        return respond("processes/news.html", status=422, process=process, form=form)
    service.tell_news(session(), process, form.to_draft(), actor=current_actor(), now=now())
    return redirect(url_for(".desk", gjort="nyhet"), code=303)


def _process(process_id: UUID) -> Process:
    return query.process_to_change(session(), process_id, actor=current_actor())


def _typed(process: Process) -> Typed:
    """Return what the editor shows: what is being written, else what everybody sees."""
    copy = query.working_copy_or_none(session(), process.id)
    if copy is not None and copy.ahead:
        return copy.typed
    phases = query.phases_of(session(), process.id)
    members = query.members_of(session(), process.id)
    return forms.typed_of(process, phases, members, areas(session(), with_closed=True))


def _form(process: Process, typed: Typed) -> ProcessForm:
    form = ProcessForm(formdata=forms.multidict(typed) or MultiDict({"title": ""}), meta={"csrf": False})
    form.offer(areas(session()), staff_at_work(session()), endless=not may_end(process))
    return form


def _pen() -> Pen:
    """Return which open editor this is. One that says nothing is a new one, which must not overwrite anything."""
    try:
        pen = UUID(request.form.get("pen", ""))
    except ValueError:
        pen = uuid4()
    return Pen(pen, _number(request.form.get("revision", "")))


def _editor(process: Process, typed: Typed, *, form: ProcessForm | None = None) -> ResponseReturnValue:
    """Return the page. form: with its errors, when it has just been refused."""
    copy = query.working_copy_or_none(session(), process.id)
    return respond(
        "processes/edit.html",
        status=422 if form else 200,
        say=_done(),
        process=process,
        form=form or _form(process, typed),
        copy_form=TitleForm(formdata=None),
        pen=_pen().id,
        revision=_pen().revision if form else (copy.revision if copy else 0),
        ahead=copy is not None and copy.ahead,
        texts={name: read((typed.get(name) or [""])[0]) for name in READ_BY_ALL},
        endable=may_end(process) and process.state == State.PUBLISHED.value,
        now=now(),
    )


def _as_typed(process: Process) -> query.ShownProcess:
    """Return the process as everybody would see it, were it published now; what is not right yet is left out."""
    form = _form(process, _typed(process))
    form.validate()
    found = {area.slug: area for area in areas(session(), with_closed=True)}.get(form.area.data or "")
    phases = [
        query.shown_phase(draft.title, draft.opens_at, draft.closes_at, draft.activities, now=now())
        for draft in (entry.form.to_draft() for entry in form.phases if not entry.errors)
    ]
    return query.ShownProcess(
        slug=process.slug,
        title=form.title.data or process.title,
        summary=form.summary.data or "",
        influence=form.influence.data or "",
        decided_by=form.decided_by.data or "",
        decides_on=form.decides_on.data,
        place=form.place.data or "",
        area=found.name if found else "",
        area_icon=found.icon if found else "",
        state=State.PUBLISHED,
        phases=tuple(sorted(phases, key=lambda phase: phase.opens_at)),
        news=query.as_shown(session(), process, now=now()).news,
        outcome="",
        ended_at=None,
        picture=query.shown_picture(session(), *_chosen(process)),
    )
