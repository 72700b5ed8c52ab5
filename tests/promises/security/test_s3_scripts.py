"""S3: nothing that somebody writes runs in anybody's browser, even with the content security policy switched off."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.models import Participant, Passkey
from app.comments.models import Comment, CommentCorrection, Report
from app.core.actor import Actor, Role
from app.core.submission import submission
from app.desk.models import AnswerTemplate, Bulk, DeskChange, DeskNote, SavedFilter
from app.files import service as files
from app.files.service import Original
from app.ideas import service
from app.ideas.models import Correction, Idea
from app.ideas.service import ReplyDraft
from app.moderation.models import FilterWord, ModerationItem
from app.outbox.models import OutboxDelivery, OutboxEvent, Pause
from app.parcels import service as parcels
from app.parcels.models import Step
from app.processes.models import News, Phase, WorkingCopy
from tests.support.accounts import staff
from tests.support.browser import LiveSite, phone
from tests.support.ideas import make_idea
from tests.support.karis_things import KarisThings, written_columns

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.sqlite_only

# Each calls ran(number). They end text, attributes, titles, areas and scripts, and use what parsers mend.
STRINGS = (
    "<script>ran(1)</script>",
    "<img src=x onerror=ran(2)>",
    '"><svg onload=ran(3)>',
    "'><details open ontoggle=ran(4)>",
    "</title><script>ran(5)</script>",
    "</textarea><script>ran(6)</script>",
    "</script><script>ran(7)</script>",
    "javascript:ran(8)",
    '" autofocus onfocus=ran(9) x="',
    "${ran(10)}{{ran(10)}}",
    '<iframe srcdoc="<script>parent.ran(11)</script>">',
    "<style></math><img src onerror=ran(12)>",
)
# Texts that no page shows, or that nobody can choose freely.
NOT_WRITTEN = {
    "focus_areas.": "ours: a migration writes them",
    "ideas.email": "an address that has been checked; pages of the idea do not show it",
    "participants.email": "the same",
    "processes.place": "shown with what is checked above, in the same way",
    "provider_identities.": "the provider's name for somebody; no page shows it",
    "sign_in_codes.": "an address that has been checked; no page shows it",
    "push_subscriptions.": "addresses and keys; no page shows them",
    "sealed_": "the letter to the archive: tests/cases/test_letter.py",
    "status_changes.": "of the archive; no page shows it",
}
WATCH = "window.had = []; window.ran = (number) => window.had.push(number);"
ALL = "\n".join(STRINGS)


def test_s3_every_text_in_the_tables_is_one_that_would_run(session, town):
    """A new column fails here until the town has a string above in it, or it is said why nobody can write one there."""
    columns = [column for column in written_columns() if not str(column).startswith(tuple(NOT_WRITTEN))]

    harmless = [str(c) for c in columns if not any("ran(" in str(value) for value in session.scalars(select(c)))]

    assert harmless == [], f"S3: let the town put a string into {harmless}, or say in NOT_WRITTEN why nobody can"


def test_s3_no_words_run_on_any_page_of_a_citizen(browser, live_site, visit_as, town):
    kari = visit_as("kari")

    with without_policy(browser, live_site, kari) as page:
        for url in town.pages:
            assert ran_on(page, live_site, url) == [], f"S3: words ran on {url}"


def test_s3_no_words_run_on_the_pages_of_staff(browser, live_site, visit_as, town):
    admin = visit_as("administrator")

    with without_policy(browser, live_site, admin) as page:
        for url in town.staff_pages:
            assert ran_on(page, live_site, url) == [], f"S3: words ran on {url}"


def test_s3_no_words_run_when_they_come_back_in_a_form_or_an_address(browser, live_site, visit_as, session):
    with without_policy(browser, live_site, visit_as("per")) as page:
        for url, form in echoes():
            page.goto(live_site.url + url)
            for name, words in form.items():
                page.locator(f"form [name={name}]").first.fill(words)
            if form:
                send_to_a_new_page(page)
            assert had(page) == [], f"S3: words ran on {url}"


def test_s3_no_words_run_when_htmx_swaps_them_in(browser, live_site, visit_as, town):
    with without_policy(browser, live_site, visit_as("kari")) as page:
        page.goto(f"{live_site.url}/ideer")
        with page.expect_response(lambda answer: "sok=" in answer.url):
            page.locator("#sok").fill("ran")
            page.locator("#sok-go").click()
        page.wait_for_function("document.querySelectorAll('#results li').length > 0")
        assert had(page) == [], "S3: words ran in a fragment of the list"

        page.goto(f"{live_site.url}/ideer/{town.ideas[0].id}")
        with page.expect_response(lambda answer: "/ideer/" in answer.url):
            page.evaluate("document.querySelector('#parcel-panel').dispatchEvent(new Event('refresh'))")
        assert had(page) == [], "S3: words ran in the panel"


def send_to_a_new_page(page: "Page") -> None:
    """Send the form as a browser without our scripts would, and wait until the page that answers has loaded.

    Playwright's `expect_navigation` was once content with less than that, and the answer came while it was looked at.
    """
    page.evaluate("window.isTheForm = true")
    page.locator("form[method=post]").first.evaluate("form => HTMLFormElement.prototype.submit.call(form)")
    page.wait_for_function("!window.isTheForm && document.readyState === 'complete'")


def ran_on(page: "Page", site: LiveSite, url: str) -> list[int]:
    answer = page.goto(site.url + url)
    assert answer is not None
    assert answer.status < 500, f"S3: {url} gave {answer.status}"
    return had(page)


def had(page: "Page") -> list[int]:
    """Give what waits a moment, then return which strings ran."""
    found: list[int] = page.evaluate("new Promise(done => setTimeout(() => done(window.had), 20))")
    return found


def echoes() -> Iterator[tuple[str, dict[str, str]]]:
    """Give pages that show again what was sent to them."""
    yield "/ideer/ny", {"title": ALL.replace("\n", "") * 2, "body": ALL, "place": ALL, "email": ALL.replace("\n", "")}
    yield "/logg-inn", {"email": ALL.replace("\n", "")}
    yield "/?" + urlencode({"say": ALL}), {}
    yield "/ideer?" + urlencode({"sok": ALL, "omrade": ALL, "status": ALL, "sorter": ALL, "side": ALL}), {}
    for some in STRINGS:
        yield "/bli?" + urlencode({"kode": some}), {}
    yield "/utseende?" + urlencode({"neste": f"/{ALL}"}), {}
    yield "/varsler/valg?" + urlencode({"innspill": ALL}), {}
    yield "/logg-inn?" + urlencode({"neste": f"/{ALL}"}), {}
    yield "/" + urlencode({ALL: ALL}), {}


class _Open:
    """A phone without the content security policy, with somebody's cookies."""

    def __init__(self, context: "BrowserContext") -> None:
        self.context = context

    def __enter__(self) -> "Page":
        page = self.context.new_page()
        page.on("dialog", lambda dialog: dialog.dismiss())
        return page

    def __exit__(self, *_: object) -> None:
        self.context.close()


def without_policy(browser, site: LiveSite, visit) -> _Open:
    context = phone(browser, bypass_csp=True, service_workers="block")
    context.add_init_script(WATCH)
    site.let_in(context, visit)
    return _Open(context)


class Town:
    """Ideas whose every word is a string above; one hidden, all answered, one stopped on its way to the archive."""

    def __init__(self, ideas: list[Idea], things: KarisThings) -> None:
        self.ideas = ideas
        self.staff_pages = [
            "/arbeidsflate",
            *(f"/arbeidsflate/innspill/{idea.id}" for idea in ideas),
            "/arbeidsflate/maler",
            "/arbeidsflate/moderering",
            "/arbeidsflate/moderering/ord",
            "/arbeidsflate/prosesser",
            f"/arbeidsflate/prosesser/{things.draft.id}",
            f"/arbeidsflate/prosesser/{things.draft.id}/forhandsvis",
            "/mine/innlogginger",
        ]
        receipts = [f"/kvittering/{things.receipt(idea)}" for idea in ideas]
        self.pages = [
            "/", "/ideer", "/ideer?sorter=stottet&sok=ran", "/mine", *receipts,
            *(f"/ideer/{idea.id}" for idea in ideas), *(f"/sak/{idea.id}" for idea in ideas),
            "/prosesser", f"/prosesser/{things.shown.slug}", f"/prosesser/{things.shown.slug}/ideer",
        ]  # fmt: skip


@pytest.fixture
def town(session, settings, kari, things, now) -> Town:
    joined = "".join(STRINGS)
    titles = [joined[at : at + 120] for at in range(0, len(joined), 60)]
    ideas = [
        make_idea(session, settings, actor=kari, now=now, title=title, body=ALL, place=ALL[:200]) for title in titles
    ]
    worker = Participant(email="x@test.example", name=ALL[:80], title=ALL[:80], role="case_worker", created_at=now)
    session.add(worker)
    session.flush()
    per = Actor(role=Role.CASE_WORKER, participant_id=worker.id)
    for step, idea in zip((Step.CONSIDERED, Step.DECIDED, Step.DONE, Step.NOT_NOW), ideas, strict=False):
        draft = ReplyDraft(ALL, step, submission(uuid4(), {}, []))
        service.answer_idea(session, idea, draft, actor=per, role_name=ALL[:80], now=now)
        parcels.number(session, idea.id, "<svg onload=")
    service.hide_idea(session, ideas[-1], reason=ALL[:500], actor=per, now=now)
    event = OutboxEvent(kind="idea_hidden", payload={}, recorded_at=now, due_at=now, routed_at=now)
    session.add(event)
    session.flush()
    session.add(
        OutboxDelivery(
            event_id=event.id, job="forward_case", channel="archive", queue="send", recipient="archive",
            state="stoppet", reference=STRINGS[1][:30], created_at=now, due_at=now, stop_reason=ALL, ended_at=now,
        )
    )  # fmt: skip
    _talk(session, ideas[0], kari, now)
    _desk(session, ideas[0], worker.id, now)
    _moderation(session, ideas[0], now)
    _processes(session, things, now)
    _passkey(session, now)
    session.add(Pause(scope=STRINGS[0], reason=ALL, since=now, probe_at=now, closed=True))
    session.commit()
    return Town(ideas, things)


def _talk(session: Session, idea: Idea, kari: Actor, now: datetime) -> None:
    """What people say about an idea, what is hidden of it, what is reported, and what was put right."""
    said = {"input_id": idea.id, "kind": "idea", "text": ALL, "role_name": ALL[:80], "language": "nb"}
    for number, reason in enumerate(("", ALL[:500])):
        session.add(
            Comment(**said, stance="question", submission_hash=bytes([number]) * 32, content_digest=bytes(32),
                    submitted_at=now, hidden_reason=reason, hidden_at=now if reason else None)
        )  # fmt: skip
    comment_id = session.scalars(select(Comment.id).where(Comment.hidden_at.is_(None)).limit(1)).one()
    session.add(
        CommentCorrection(comment_id=comment_id, earlier_text=ALL, text=ALL, submission_hash=bytes(32),
                          content_digest=bytes(32), corrected_at=now)
    )  # fmt: skip
    session.add(Report(input_id=idea.id, kind="idea", reason="other", words=ALL[:500], device_key=kari.device_key,
                       reported_at=now))  # fmt: skip
    words = {"title": ALL[:120], "body": ALL, "place": ALL[:200]}
    words |= {f"earlier_{name}": text for name, text in words.items()}
    session.add(
        Correction(idea_id=idea.id, submission_hash=bytes(32), content_digest=bytes(32), corrected_at=now, **words)
    )


def _desk(session: Session, idea: Idea, worker: UUID, now: datetime) -> None:
    """What colleagues write to each other."""
    session.add_all([
        AnswerTemplate(title=ALL[:60], text=ALL, changed_at=now),
        SavedFilter(owner_id=worker, title=ALL[:60], query=""),
        DeskChange(input_id=idea.id, revision=1000, what="due", comment=ALL[:500], by_id=worker, at=now),
        DeskNote(input_id=idea.id, text=ALL, author_id=worker, at=now, submission_hash=bytes(32),
                 content_digest=bytes(32)),
        Bulk(what="step", value="read", reason=ALL, by_id=worker, at=now, submission_hash=bytes(32),
             content_digest=bytes(32)),
    ])  # fmt: skip


def _passkey(session: Session, now: datetime) -> None:
    """What an administrator calls a passkey."""
    owner = staff(session, "administrator", Role.ADMINISTRATOR, now).participant_id
    key = {"credential_id": b"c", "public_key": b"p", "sign_count": 0, "name": STRINGS[1], "made_at": now}
    session.add(Passkey(participant_id=owner, **key))


def _moderation(session: Session, idea: Idea, now: datetime) -> None:
    """What its writer says of a refusal, and a word of the filter; why it was hidden is written above."""
    appeal = {"kind": "idea", "input_id": idea.id, "nr": 1, "why": "appeal", "marks": []}
    session.add(ModerationItem(**appeal, asked_words=ALL[:500], asked_at=now))
    session.add(FilterWord(word=STRINGS[1], listed=True, changed_at=now))


def _processes(session: Session, things: KarisThings, now: datetime) -> None:
    """A process of which every word is a string above, and one that is being written."""
    shown = things.shown
    shown.title, shown.summary, shown.influence = ALL[:120], ALL[:300], ALL
    shown.decided_by, shown.outcome, shown.state, shown.ended_at = ALL[:200], ALL, "ended", now
    session.execute(update(Phase).where(Phase.process_id == shown.id).values(title=ALL[:120]))
    session.add(News(process_id=shown.id, title=ALL[:120], text=ALL, published_at=now, submission_hash=bytes(32),
                     content_digest=bytes(32)))  # fmt: skip
    jpeg = Original(uuid4().hex, bytes(32), 60, 40)
    shown.picture_id, shown.picture_alt = files.add(session, shown.id, jpeg, now=now), ALL[:200]
    files.mark_ready(session, shown.picture_id, width=60, height=40, now=now)
    files.show_only(session, shown.id, shown.picture_id)
    draft = session.get_one(WorkingCopy, things.draft.id)
    draft.picture_id, draft.picture_alt = shown.picture_id, ALL[:200]
    typed = {name: [ALL] for name in ("title", "summary", "influence", "decided_by", "place", "phases-0-title")}
    session.get_one(WorkingCopy, things.draft.id).typed = typed
