"""R18: the mail server is killed when it has read a mail and not said yes. Each mail arrives, twice under one name."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.outbox.models import DeliveryState, OutboxDelivery
from tests.support.driver import PLUG_PULLED, Driver, now
from tests.support.ideas import make_idea
from tests.support.mail_sink import kept_in

pytestmark = pytest.mark.sqlite_only  # the faults are the mail server's
WORKERS = ("send-1", "send-2")
JOB = "mail_writer"


@dataclass(frozen=True, slots=True)
class Size:
    """mails: each to an address of its own; kills: of the mail server, spread over them."""

    mails: int
    kills: int
    within_s: float


SIZES = [
    pytest.param(Size(mails=40, kills=4, within_s=120), id="small"),
    pytest.param(Size(mails=500, kills=50, within_s=900), id="full", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("size", SIZES)
def test_each_mail_arrives_and_a_repeat_has_the_same_message_id(drive: Callable[..., Driver], size: Size) -> None:
    with drive("R18") as driver:
        post = PostOffice(driver, size)
        post.open()
        driver.environment["LAB_SMTP_URL"] = post.url
        people = write_with_address(driver, size.mails)
        driver.start_redis()
        driver.start("relay", "reconciler", *WORKERS)
        for _ in range(size.kills):
            driver.wait(post.is_dead, size.within_s, "the mail server was not killed")
            post.open()
        driver.wait(lambda: all_sent(driver, size.mails), size.within_s, "not all mails were sent")
        driver.rest(within_s=size.within_s)

        kept = kept_in(post.folder)
        ids = Counter(str(mail["Message-ID"]) for mail in kept)
        names = defaultdict(set)
        for mail in kept:
            names[str(mail["To"])].add(str(mail["Message-ID"]))
        missing = sorted(people - set(names))
        renamed = [to for to, given in names.items() if len(given) > 1]
        assert not missing, f"R18: {len(missing)} of {size.mails} mails did not arrive: {missing[:3]}"
        assert not renamed, f"R18: {len(renamed)} mails came again with another Message-ID: {renamed[:3]}"
        assert len(ids) == size.mails, f"R18: {len(ids)} mails by Message-ID, {size.mails} were written"
        assert post.kept_and_killed > 0, "R18: the mail server was never killed after it had kept a mail"
        again = len(kept) - len(ids)
        assert post.kept_and_killed <= again <= size.kills, f"R18: {again} repeats after {size.kills} lost answers"
        driver.equation()


@dataclass
class PostOffice:
    """A mail server that dies kills times, every other time after it has kept the mail, and is opened again."""

    driver: Driver
    size: Size
    lives: int = 0
    port: int = 0
    folder: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = self.driver.folder / "post"
        self.folder.mkdir()

    def open(self) -> None:
        """Start it, for one more life; the last one has no end."""
        life = self.size.mails // (self.size.kills + 1) if self.lives < self.size.kills else 0
        when = "kept" if self.lives % 2 == 0 else "lost"
        name = f"post-{self.lives}"
        self.lives += 1
        (self.folder / "port").unlink(missing_ok=True)
        self.driver.start_module(name, "tests.support.mail_sink", str(self.folder), str(self.port), str(life), when)
        self.driver.wait((self.folder / "port").exists, 30, "the mail server did not start")
        self.driver.wait(lambda: bool((self.folder / "port").read_text()), 5, "the mail server has no port")
        self.port = int((self.folder / "port").read_text())
        self.driver.let_probes_go()

    def is_dead(self) -> bool:
        self.driver.let_probes_go()  # many at once may have met a closed door
        status = self.driver.ended(f"post-{self.lives - 1}")
        assert status in {None, PLUG_PULLED}, f"R18: the mail server ended with {status}"
        return status is not None

    @property
    def kept_and_killed(self) -> int:
        return (self.size.kills + 1) // 2

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


def write_with_address(driver: Driver, mails: int) -> set[str]:
    """Let as many people send an idea and ask for the answer by mail; return their addresses."""
    people = {f"person-{number}@example.org" for number in range(mails)}
    earlier = now() - timedelta(seconds=2)  # past the last second of «Angre»
    with Session(driver.engine.execution_options(writes=True), expire_on_commit=False) as session:
        for email in sorted(people):
            actor = Actor(device_key=email.encode().ljust(32, b"."))
            make_idea(session, driver.settings, actor=actor, now=earlier, title=f"R18 {email}", email=email)
    return people


def all_sent(driver: Driver, mails: int) -> bool:
    driver.let_probes_go()
    accepted = OutboxDelivery.state == DeliveryState.ACCEPTED.value
    with driver.reading() as session:
        sent = session.scalar(select(func.count()).where(OutboxDelivery.job == JOB, accepted)) or 0
    return sent == mails
