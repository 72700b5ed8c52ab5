"""R11: what is written without network arrives once, whatever the network loses, lies or forgets on the way."""

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from playwright.sync_api import Error, expect
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.accounts.models import Participant, SignIn
from app.ideas.models import Idea
from tests.support.browser import phone

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

pytestmark = pytest.mark.sqlite_only  # the faults are the network's and the phone's
SCRIPT = Path(__file__).parents[2] / "static" / "js" / "outbox.js"
# As an iPhone is: nothing is sent while no page is open, so that all of it passes here.
NO_SYNC = "Object.defineProperty(ServiceWorkerRegistration.prototype, 'sync', { value: undefined });"
HOTEL = "<h1>Velkommen til hotellet</h1>"
# Of ten answers three are lost: one is a hotel's, one is cut off on its way back, one never reaches us.
WEATHER = ("hotel", "fair", "lost", "fair", "fair", "fair", "cut", "fair", "fair", "fair")
KEPT_HERE = """async () => {
  const outbox = await import(document.body.dataset.outbox);
  const waiting = (await outbox.items()).map(({ title, state }) => ({ title, state }));
  return { waiting, sent: (await outbox.sent()).map(({ title, receipt }) => ({ title, receipt })) };
}"""
PUT = """async ([from, many]) => {
  const outbox = await import(document.body.dataset.outbox);
  const area = document.querySelector("input[name=area]").value;
  for (let number = from; number < from + many; number += 1) {
    const key = crypto.randomUUID();
    const title = `R11 nummer ${number}`;
    const fields = [["title", title], ["body", "Derfor."], ["area", area], ["submission_id", key]];
    await outbox.put({ key, address: "/ideer/ny", page: "/ideer/ny", fields, title, who: "", at: Date.now(),
      state: "waiting", tries: 0, next: 0, reason: "", sending: 0 });
  }
}"""
DRAIN = (
    "async () => { const outbox = await import(document.body.dataset.outbox); await outbox.drain({ force: true }); }"
)


@dataclass
class Net:
    """The line to us. told: what became of each sending."""

    weather: Iterator[str] = field(default_factory=lambda: itertools.cycle(WEATHER))
    told: Counter[str] = field(default_factory=Counter)

    def carry(self, route: "Route") -> None:
        """Carry a page as it is, and what is sent by the weather."""
        try:
            if route.request.method != "POST":
                route.continue_()
                return
            now = next(self.weather)
            self.told[now] += 1
            if now == "hotel":
                route.fulfill(status=200, content_type="text/html", body=HOTEL)
            elif now == "fair":
                route.continue_()
            else:
                if now == "lost":
                    route.fetch()
                route.abort()
        except Error:
            self.told["page gone"] += 1  # the page went while it was on its way, as pages do


def as_written(route: "Route") -> None:
    """Give the script as it stands in the tree, so that a fault planted there is met."""
    route.fulfill(body=SCRIPT.read_text(), content_type="text/javascript")


@pytest.fixture
def net() -> Net:
    return Net()


@pytest.fixture
def kari_s_phone(browser: "Browser", live_site, net: Net) -> "Iterator[BrowserContext]":
    context = phone(browser, base_url=live_site.url, service_workers="block")
    context.add_init_script(NO_SYNC)
    context.route("**/static/vendor/outbox.*.js", as_written)
    context.route("**/ideer/ny", net.carry)
    yield context
    context.close()


@pytest.mark.parametrize("inputs", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_r11_what_is_written_offline_arrives_once_also_when_the_sign_in_runs_out(
    live_site, visit_as, session: Session, kari_s_phone: "BrowserContext", net: Net, now, inputs: int
) -> None:
    account = an_account(session, now)
    live_site.let_in(kari_s_phone, visit_as("anonymous").signed_in(account))
    page = kari_s_phone.new_page()
    titles = [f"R11 nummer {number}" for number in range(inputs)]
    for number, title in enumerate(titles):
        if number == inputs // 2:
            session.execute(delete(SignIn))
            session.commit()
        write_offline(kari_s_phone, page, title)
    live_site.let_in(kari_s_phone, visit_as("anonymous").signed_in(account))

    page.goto("/ideer/ny")
    send_until_empty(page, 20 + 2 * inputs)

    all_have_arrived(session, kari_s_phone, page, titles)
    assert min(net.told["hotel"], net.told["lost"]) > 0, f"R11: nothing was lost, so this proves nothing: {net.told}"


@pytest.mark.slow
def test_r11_a_thousand_from_three_tabs_that_are_killed_at_random_are_a_thousand(
    session: Session, kari_s_phone: "BrowserContext", net: Net, record_property
) -> None:
    many, tabs = 1000, 3
    pages = [kari_s_phone.new_page() for _ in range(tabs)]
    for number, page in enumerate(pages):
        page.goto("/ideer/ny")
        page.evaluate(PUT, [number * many, many // tabs + (1 if number < many % tabs else 0)])
    left = many
    for turn in range(2000):
        page = pages[turn % tabs]
        if turn % 7 == 5:  # it dies in the middle of what it does
            page.evaluate(f"() => {{ ({DRAIN})(); }}")
            page.close()
            page = pages[turn % tabs] = kari_s_phone.new_page()
            page.goto("/ideer/ny")
        page.evaluate(DRAIN)
        left = len(page.evaluate(KEPT_HERE)["waiting"])
        if left == 0:
            break
    assert left == 0, f"R11: {left} of {many} never left the phone"

    found = list(session.scalars(select(Idea.title)))
    record_property("outbox_rows_of_1000", str(len(found)))
    assert len(found) == len(set(found)) == many, f"R11: {len(found)} rows, {len(set(found))} of them different"


def an_account(session: Session, now) -> str:
    made = Participant(id=uuid4(), email="kari@test.example", name="", role="citizen", created_at=now)
    session.add(made)
    session.commit()
    return str(made.id)


def write_offline(context: "BrowserContext", page: "Page", title: str) -> None:
    page.goto("/ideer/ny")
    page.get_by_label("Hva er idéen din?").fill(title)
    page.get_by_label("Hvorfor er det lurt?").fill("Derfor.")
    page.get_by_role("radio").first.check(force=True)
    context.set_offline(True)
    page.get_by_role("button", name="Send idéen").click()
    expect(page.get_by_role("heading", name="Lagret på mobilen")).to_be_visible()
    context.set_offline(False)


def send_until_empty(page: "Page", tries: int) -> None:
    for _ in range(tries):
        page.evaluate(DRAIN)
        if not page.evaluate(KEPT_HERE)["waiting"]:
            return
    raise AssertionError(f"R11: it still waits on the phone: {json.dumps(page.evaluate(KEPT_HERE)['waiting'])[:400]}")


def all_have_arrived(session: Session, context: "BrowserContext", page: "Page", titles: list[str]) -> None:
    rows = sorted(session.scalars(select(Idea.title)))
    assert rows == sorted(titles), f"R11: {len(rows)} rows of {len(titles)}: lost {sorted(set(titles) - set(rows))[:5]}"
    sent = page.evaluate(KEPT_HERE)["sent"]
    assert sorted(one["title"] for one in sent) == sorted(titles), f"R11: {len(sent)} receipts of {len(titles)}"
    for one in sent:
        answer = context.request.get(one["receipt"])
        assert answer.status == 200, f"R11: a receipt opens nothing: {answer.status}"
        assert one["title"] in answer.text(), "R11: a receipt is another's"
