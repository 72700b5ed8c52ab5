"""Demo data that looks like Narvik: flask demo. Run twice, it changes nothing."""

import time
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

import click
from flask.cli import with_appcontext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import Participant
from app.accounts.service import add_participant
from app.areas.query import areas
from app.comments.models import Stance
from app.comments.service import CommentDraft
from app.core.actor import Actor, Role
from app.core.submission import submission
from app.files.store import picture_store
from app.ideas import service as ideas
from app.ideas.models import Idea
from app.ideas.service import IdeaDraft
from app.parcels import service as parcels
from app.parcels.models import Step
from app.processes import service as processes
from app.processes.models import Activity, Moderation, Process
from app.processes.query import idepool
from app.processes.service import NewsDraft, Pen, PhaseDraft, ProcessDraft
from app.web.extensions import settings
from app.web.transaction import writing

STAFF = (
    ("per@demo.narvik.example", "Per", "Rådgiver, Areal- og samfunnsutvikling", Role.CASE_WORKER),
    ("mona@demo.narvik.example", "Mona", "Moderator", Role.MODERATOR),
    ("arne@demo.narvik.example", "Arne", "Arbeidsgruppa for medvirkning", Role.WORKING_GROUP),
    ("fatima@demo.narvik.example", "Fatima", "Tilrettelegger", Role.FACILITATOR),
    ("admin@demo.narvik.example", "Admin", "Administrator", Role.ADMINISTRATOR),
)
# title, why, area, place, days ago, supporters, step, reason
IDEAS: tuple[tuple[str, str, str, str, int, int, Step, str], ...] = (
    ("Flere benker langs strandpromenaden", "Mange eldre går tur her. De trenger et sted å hvile.", "annet",
     "Strandpromenaden", 96, 58, Step.DONE, "Seks benker er satt ut langs strandpromenaden."),
    ("Lys i gangveien ved Frydenlund", "Det er mørkt når barna går til skolen. Et par lys til hjelper.", "mobilitet",
     "Frydenlund skole", 61, 124, Step.CONSIDERED, ""),
    ("La lysløypa lyse til klokka 23", "Mange trener etter jobb. Lyset går av klokka 21.", "energi", "Ankenes", 33, 87,
     Step.DECIDED, "Lysene står på til klokka 23 fra 1. desember."),
    ("Gratis buss for ungdom på kvelden", "Da kommer vi hjem fra trening uten at noen må kjøre.", "mobilitet", "",
     27, 203, Step.READ, ""),
    ("Bytteskap for ski og skøyter på biblioteket", "Barn vokser fort. Mange har ski som er for små.", "samhandling",
     "Narvik bibliotek", 21, 45, Step.READ, ""),
    ("Solceller på taket av svømmehallen", "Taket er flatt og ligger i sola hele sommeren.", "energi",
     "Idrettens hus", 18, 39, Step.RECEIVED, ""),
    ("Skilt til turstien på Fagernesfjellet", "Turister spør hele tiden. Et skilt på tre språk er nok.", "reiseliv",
     "Fagernesfjellet", 12, 31, Step.RECEIVED, ""),
    ("Timebestilling hos helsestasjonen på nett", "Det er lang kø på telefonen om morgenen.", "helse", "", 9, 76,
     Step.RECEIVED, ""),
    ("Bygg leiligheter for unge i sentrum", "Vi vil bo her etter skolen, men finner ikke noe lite nok.", "bygg-og-hjem",
     "Sentrum", 5, 52, Step.RECEIVED, ""),
    ("Tak over sykkelstativet ved stasjonen", "Syklene blir våte og ruster.", "mobilitet", "Narvik stasjon", 2, 14,
     Step.RECEIVED, ""),
)  # fmt: skip
OWNER = "arne@demo.narvik.example"
# title, about, what can be changed, place, area, opened days ago, days left, news, what was done
PROCESSES: tuple[tuple[str, str, str, str, str, int, int, tuple[str, str] | None, str], ...] = (
    ("Ny lekeplass på Ankenes", "Lekeplassen ved skolen er gammel. Vi bygger en ny. Hva vil du ha der?",
     "Du kan si hva vi skal bygge. Stedet er bestemt, og vi har to millioner kroner.", "Ankenes skole", "samhandling",
     6, 12, ("Vi har målt plassen", "Den er like stor som en fotballbane. Det er plass til mye."), ""),
    ("Trygg vei til skolen", "Hvor er det skummelt å gå eller sykle? Si fra, så ser vi på det.",
     "Du kan si hva som må bli tryggere. Kommunen kan endre kommunale veier. Fylket eier resten.", "Hele Narvik",
     "mobilitet", 16, 2, None, ""),
    ("Benker langs strandpromenaden", "Hvor trenger du en benk?", "Du kan si hvor benkene skal stå.",
     "Strandpromenaden", "annet", 80, 20, None,
     "58 mennesker ba om benker. Seks står der nå. Ved småbåthavna ble det nei, for der skal veien graves opp i 2027."),
)  # fmt: skip

# place in IDEAS, what kind, what is said, who speaks (a role, or "" for a citizen), what is answered to it
SAID: tuple[tuple[int, Stance, str, str, tuple[tuple[str, str], ...]], ...] = (
    (2, Stance.FOR, "Jeg går på ski etter jobb. Nå må jeg snu klokka ni.", "", ()),
    (
        2,
        Stance.AGAINST,
        "Vi som bor her, liker at det er mørkt.",
        "",
        (("Til klokka 23 er greit for meg.", ""),),
    ),
    (2, Stance.QUESTION, "Hva koster strømmen?", "", (("Rundt 20 000 kroner i året.", "Rådgiver, Teknisk drift"),)),
    (3, Stance.FOR, "Da slipper foreldrene å kjøre.", "", ()),
    (3, Stance.QUESTION, "Gjelder det i helgene også?", "", ()),
)


@click.command("demo")
@with_appcontext
def demo() -> None:
    """Fill an empty database with demo people and ideas."""
    if settings().production:
        raise SystemExit("Demo data is for demos: LAB_MODE is production.")
    now = datetime.fromtimestamp(time.time(), UTC)
    with writing() as session:
        made = fill(session, now)
    click.echo(f"{made} demo ideas were made." if made else "The demo data is there.")


def fill(session: Session, now: datetime) -> int:
    """Make the people and ideas that are missing; return how many ideas were made."""
    for email, name, title, role in STAFF:
        add_participant(session, email=email, name=name, title=title, role=role, now=now)
    made = sum(_make(session, now, place, *row) for place, row in enumerate(IDEAS))
    for row in PROCESSES:
        _process(session, now, *row)
    for number, said in enumerate(SAID):
        _say(session, now, number, *said)
    return made


def _process(
    session: Session, now: datetime, title: str, summary: str, influence: str, place: str, area: str, days: int,
    left: int, news: tuple[str, str] | None, outcome: str,
) -> None:  # fmt: skip
    """Publish a process that opened `days` ago and takes ideas for `left` more; one with an outcome has ended."""
    owner = session.scalars(select(Participant).where(Participant.email == OWNER)).one()
    actor, key = owner.actor, submission(uuid5(NAMESPACE_URL, f"innbyggerlab:demo:{title}"), {}, [])
    at = now - timedelta(days=days)
    known = session.scalar(select(func.count()).select_from(Process).where(Process.submission_hash == key.key_hash))
    if known:
        return
    process_id = processes.begin_process(session, title, {}, submission=key, actor=actor, now=at)
    process = session.get_one(Process, process_id)
    closes = now + timedelta(days=left)
    area_id = next(found.id for found in areas(session, with_closed=True) if found.slug == area)
    draft = ProcessDraft(
        title, summary, influence, "Kommunestyret", (closes + timedelta(days=30)).date(), place, area_id, owner.id, (),
        Moderation.AFTER,
        (
            PhaseDraft("Send idéen din", at, closes, (Activity.IDEAS,)),
            PhaseDraft("Vi leser og svarer", closes, closes + timedelta(days=30), ()),
        ),
    )  # fmt: skip
    processes.publish_process(session, process, draft, {}, Pen(uuid5(NAMESPACE_URL, title), 1), actor=actor, now=at)
    if news:
        told = submission(uuid5(NAMESPACE_URL, news[0]), {}, [])
        processes.tell_news(session, process, NewsDraft(*news, told), actor=actor, now=at + timedelta(days=1))
    if outcome:
        processes.end_process(session, process, outcome, actor=actor, now=now - timedelta(days=2))


def _make(
    session: Session, now: datetime, place: int, title: str, why: str, area: str, where: str, days: int,
    supporters: int, step: Step, reason: str,
) -> int:  # fmt: skip
    at = now - timedelta(days=days, hours=place)
    by_slug = {found.slug: found for found in areas(session, with_closed=True)}
    key = uuid5(NAMESPACE_URL, f"innbyggerlab:demo:{place}")
    draft = IdeaDraft(title, why, by_slug[area].id, where, "", "nb", submission(key, {"title": title}, []))
    idea_id, new = ideas.submit_idea(
        session, idepool(session), draft, [], store=picture_store(settings()), actor=_somebody(key, 0), now=at,
        undo_seconds=0,
    )  # fmt: skip
    if not new:
        return 0
    _support(session, session.get_one(Idea, idea_id), key, supporters, at)
    if step is not Step.RECEIVED:
        parcels.move(session, idea_id, step, now=at + timedelta(days=3), reason=reason, told=False)
    return 1


def _say(
    session: Session, now: datetime, number: int, place: int, stance: Stance, text: str, role: str,
    answers: tuple[tuple[str, str], ...],
) -> None:  # fmt: skip
    """Let somebody comment, the day after the idea came, and others answer."""
    title, at = IDEAS[place][0], now - timedelta(days=IDEAS[place][4] - 1, minutes=-7 * number)
    idea_id = session.scalars(select(Idea.id).where(Idea.title == title)).first()
    if idea_id is None:
        return
    key = uuid5(NAMESPACE_URL, f"innbyggerlab:demo:said:{number}")
    mark = submission(key, {"text": text}, [])
    draft = CommentDraft(stance, text, None, role, "nb", mark)
    comment_id, new = ideas.comment_idea(session, idea_id, draft, actor=_somebody(key, 0), now=at, undo_seconds=0)
    for order, (said, who) in enumerate(answers if new else ()):
        own = uuid5(key, said)
        answer = CommentDraft(Stance.REPLY, said, comment_id, who, "nb", submission(own, {"text": said}, []))
        later = at + timedelta(hours=order + 1)
        ideas.comment_idea(session, idea_id, answer, actor=_somebody(own, 0), now=later, undo_seconds=0)


def _support(session: Session, idea: Idea, key: UUID, supporters: int, at: datetime) -> None:
    for number in range(1, supporters + 1):
        ideas.support_idea(session, idea, actor=_somebody(key, number), now=at)


def _somebody(key: UUID, number: int) -> Actor:
    return Actor(device_key=uuid5(key, str(number)).bytes * 2)
