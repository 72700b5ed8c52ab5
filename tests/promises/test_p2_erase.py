"""P2: who is erased is gone from the database file, its log, the pictures and the outbox, and stays gone."""

import io
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import func, select

from app.accounts.service import add_participant
from app.audit import query as audit
from app.audit import service as audit_service
from app.balance import faults
from app.core.actor import Role
from app.ideas.models import Idea, Support
from app.outbox.models import OutboxDelivery
from app.personal import ledger
from app.personal.models import Erasure
from tests.support.driver import Driver, now
from tests.support.ideas import idea_form

pytestmark = pytest.mark.sqlite_only
TITLE, BODY, PLACE = "Kanarititteltuba", "Kanarigrunnfagott", "Kanaristedobo"
EMAIL = "kanaripost@kanari.example"
# Also as the search has them: stems, in small letters.
MARKS = tuple(mark.encode() for mark in (TITLE, BODY, PLACE, EMAIL, TITLE.lower(), BODY.lower()))
SEE_OTHER = 303


def test_p2_whoever_is_erased_is_gone_and_stays_gone_after_a_restore(drive: Callable[..., Driver]) -> None:
    with drive("P2") as driver:
        her = kari_sends_an_idea(driver)
        assert marks_in(driver) != [], "P2: the marks are not found where they must be: this check sees nothing"
        backup = driver.folder / "backup.sqlite"
        driver.flask("backup", str(backup))

        kari_is_erased(driver, her)

        assert marks_in(driver, but=backup) == [], "P2: found after the erasure"
        all_else_stands(driver)

        for name in ("web", "reconciler"):
            driver.kill(name)
        driver.engine.dispose()
        driver.flask("restore", "--yes", str(backup))
        backup.unlink()

        assert marks_in(driver) == [], "P2: found after an older backup was put back"
        all_else_stands(driver)


def kari_sends_an_idea(driver: Driver) -> tuple:
    """Let her send an idea with a picture, which is archived and drawn; Ola supports it, and she supports his."""
    driver.start_web()
    driver.start("reconciler")
    driver.write_ideas(["Olas idé"])
    with driver.session() as session:
        per = add_participant(session, email="per@test.example", name="Per", title="", role=Role.CASE_WORKER, now=now())
        audit_service.note(session, "signed_in", "participant:per", actor=per.actor, now=now())
        olas = session.scalars(select(Idea.id)).one()
    citizen = driver.citizen()
    form = idea_form(title=TITLE, body=BODY, place=PLACE, email=EMAIL)
    assert citizen.send(form, pictures=[a_picture()]).status_code == 201
    citizen.post(f"/ideer/{olas}/stott", {})
    with driver.session() as session:
        hers = session.scalars(select(Idea.id).where(Idea.title == TITLE)).one()
        session.add(Support(id=uuid4(), idea_id=hers, device_key=bytes(32), at=now()))
        session.get_one(Idea, hers).support_count += 1
    driver.rest(within_s=60)
    return citizen, hers


def kari_is_erased(driver: Driver, her: tuple) -> None:
    citizen, hers = her
    answer = citizen.post("/mine/slett", {"submission_id": str(uuid4()), "sure": "y"})
    assert answer.status_code == SEE_OTHER, f"P2: asking to be erased got {answer.status_code}"
    driver.rest(within_s=60)
    page = citizen.get(answer.headers["Location"])
    assert "Alt er slettet her." in page.text, "P2: the page does not say that it is done"
    assert TITLE not in citizen.get(f"/ideer/{hers}").text
    citizen.close()


def all_else_stands(driver: Driver) -> None:
    """What is not hers is as it was: Ola's idea, the counts, the archive's reference, the audit log, the equation."""
    with driver.reading() as session:
        assert session.scalar(select(func.count()).where(Idea.title == "Olas idé")) == 1, "P2: Ola's idea is gone"
        erased = session.scalars(select(Idea).where(Idea.erased_at.is_not(None))).all()
        assert [idea.support_count for idea in erased] == [1], "P2: what others did with the idea is not counted"
        filed = session.scalars(select(OutboxDelivery.reference).where(OutboxDelivery.job == "forward_case")).all()
        assert len(filed) == 2, "P2: the reference of a letter is gone"
        assert not audit.faults(session), "P2: the audit log is no longer whole"
        assert not faults(session, driver.settings, now()), f"P2: {faults(session, driver.settings, now())}"
        assert not session.scalars(select(Erasure).where(Erasure.device_key.is_not(None))).all(), (
            "P2: the wish says who"
        )
    driver.equation()
    line = (driver.folder / ledger.FILE).read_bytes()
    assert line.count(b"\n") == 1, "P2: the ledger has not one line"


def marks_in(driver: Driver, *, but: Path | None = None) -> list[str]:
    """Return each mark of Kari's and the file it lies in, of all files that are ours; the archive's are not."""
    found = []
    for path in sorted(driver.folder.rglob("*")):
        if path.is_file() and path != but and not path.name.startswith("standin"):
            content = path.read_bytes()
            found += [f"{mark.decode()} in {path.relative_to(driver.folder)}" for mark in MARKS if mark in content]
    pictures = [path for path in (driver.folder / "bilder").rglob("*") if path.is_file()]
    return found + [f"a picture: {path.name}" for path in pictures]


def a_picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (64, 48), (20, 90, 140)).save(made, "JPEG")
    return made.getvalue()
