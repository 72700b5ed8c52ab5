"""Demo data that looks like Narvik: flask demo. Run twice, it changes nothing."""

import time
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

import click
from flask.cli import with_appcontext
from sqlalchemy import select
from sqlalchemy.orm import Session

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
from app.processes.query import idepool
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
    for number, row in enumerate(SAID):
        _say(session, now, number, *row)
    return made


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
