"""Every screen there is, by name: how somebody gets there, and what must be so on each of them."""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.journeys.forms import fill_idea

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
TARGET_SIZE = "target-size"
KB = 1024
AXE = Axe()
# What stands wider than the window, and is not inside something that is meant to be scrolled or out of sight.
TOO_WIDE = """() => [...document.querySelectorAll("body *")].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width > 2 && box.right > innerWidth + 1 && !one.closest(".tabs, .ds-sr-only, .status, svg");
}).slice(0, 5).map((one) => `${one.tagName.toLowerCase()}.${one.className}`)"""
AT_REST = """() => document.getAnimations().every((one) =>
  one.playState !== "running" || one.effect?.getComputedTiming().iterations === Infinity)"""
CUT_LABELS = """() => [...document.querySelectorAll(".navigation__link")].filter((one) => {
  const words = document.createRange();
  words.selectNodeContents(one.lastChild);
  return words.getClientRects().length !== 1 || words.getBoundingClientRect().width > one.clientWidth + 1;
}).map((one) => one.textContent)"""


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen in one state. who: "nobody", "kari" (she has sent something), "per", "arne" or "mona" (signed in).

    path: the address, where {idea}, {receipt} and the like are filled in. act: what is done there.
    """

    name: str
    path: str
    who: str = "nobody"
    act: Callable[["Page"], None] | None = None

    def visit(self, page: "Page", addresses: Mapping[str, str]) -> None:
        """Open the page, before anything is done on it."""
        page.goto(self.path.format_map(addresses))
        page.wait_for_load_state("networkidle" if self.path == "/" else "load")

    def open(self, page: "Page", addresses: Mapping[str, str]) -> None:
        """Open the page and do there what makes it this screen."""
        self.visit(page, addresses)
        if self.act:
            self.act(page)
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def refused(button: str, *, without: str = "", where: str = "#error-summary") -> Callable[["Page"], None]:
    """Return the act of pressing that button on a form that is not filled in. without: a field to empty first."""

    def press(page: "Page") -> None:
        if without:
            page.get_by_label(without).fill("")
        page.get_by_role("button", name=button).click()
        expect(page.locator(where)).to_be_visible()

    return press


def write_much(page: "Page") -> None:
    long = "Fylkesveivedlikeholdskontraktsforhandlinger"
    fill_idea(page, f"{long} og bedre brøyting på Bjerkvik", "Ring 412 34 567.\n" + f"{long}. " * 5)
    expect(page.locator("#body-screen")).to_be_visible()


def write_what_is_there(page: "Page") -> None:
    page.get_by_label("Hva er idéen din?").press_sequentially("Flere benker langs strandpromenaden")
    expect(page.locator(".similar__idea").first).to_be_visible()


def lose_the_net(page: "Page") -> None:
    page.context.set_offline(True)
    expect(page.locator("#notice-offline")).to_be_visible()


def ask_for_a_code(page: "Page") -> None:
    page.get_by_label("E-post").fill("ingen@test.example")
    page.get_by_role("button", name="Send kode").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Skriv koden")


def ask_for_own_data(page: "Page") -> None:
    page.get_by_role("button", name="Lag fila").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fila di")


def erase_unsure(page: "Page") -> None:
    page.get_by_role("button", name="Slett alt").click()
    expect(page.locator("#error-summary")).to_be_visible()


def leave_a_draft(page: "Page") -> None:
    page.goto("/ideer/ny")
    page.get_by_label("Hva er idéen din?").fill("Et utkast om snø")
    expect(page.locator("[data-saved]")).to_be_visible()
    page.goto("/mine")
    page.locator("#sign-out").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def choose_nothing(page: "Page") -> None:
    page.evaluate("document.querySelectorAll('input[name=news]').forEach((one) => one.remove())")
    page.get_by_role("button", name="Lagre valgene").click()
    expect(page.locator("#error-summary")).to_be_visible()


def fold_out(page: "Page") -> None:
    page.locator("details summary").first.click()


def choose_poster(page: "Page") -> None:
    page.locator("#poster summary").click()
    expect(page.locator("#poster-a4")).to_be_visible()


def think_of_withdrawing(page: "Page") -> None:
    page.locator("#withdraw summary").click()
    expect(page.get_by_role("button", name="Trekk tilbake")).to_be_visible()


def begin_to_comment(page: "Page") -> None:
    page.locator("#talk-write").click()
    expect(page.locator("#comment-heading")).to_be_focused()


def comment_nothing(page: "Page") -> None:
    begin_to_comment(page)
    page.locator("#comment-send").click()
    expect(page.locator("#error-summary")).to_be_focused()


def refuse_one(page: "Page") -> None:
    page.locator("[data-item] details summary").first.click()
    expect(page.locator("[data-item] details[open] textarea").first).to_be_visible()


def publish_nothing(page: "Page") -> None:
    page.get_by_label("Hva heter prosessen?").fill("")
    page.get_by_label("Begynner").first.fill("")
    page.get_by_role("button", name="Publiser").click()
    expect(page.locator("#error-summary")).to_be_visible()


def guess_the_code(page: "Page") -> None:
    ask_for_a_code(page)
    page.get_by_label("Koden").fill("000000")
    page.get_by_role("button", name="Logg inn").click()
    expect(page.locator("#error-summary")).to_be_visible()


def search_in_vain(page: "Page") -> None:
    page.get_by_role("searchbox", name="Søk i alt").fill("xyzzy")
    page.locator("#search-go").click()
    expect(page.get_by_text("Ingenting passer.")).to_be_visible()


def ask_for_many(page: "Page") -> None:
    page.locator("#bulk-fold summary").click()
    page.locator("#bulk-go").click()
    expect(page.locator("#bulk-errors")).to_be_visible()


def open_step(page: "Page") -> None:
    page.keyboard.press("s")
    expect(page.locator("#step-step")).to_be_focused()


SCREENS = (
    Screen("home", "/"),
    Screen("home with own ideas", "/", "kari"),
    Screen("contribute", "/bidra"),
    Screen("list", "/ideer"),
    Screen("list with its filter open", "/ideer", act=fold_out),
    Screen("list without a hit", "/ideer?sok=xyzzy"),
    Screen("new idea", "/ideer/ny", act=fold_out),
    Screen("new idea, refused", "/ideer/ny", act=refused("Send idéen")),
    Screen("new idea, written", "/ideer/ny", act=write_much),
    Screen("new idea, much like another", "/ideer/ny", act=write_what_is_there),
    Screen("new idea without network", "/ideer/ny", act=lose_the_net),
    Screen("idea", "{idea}"),
    Screen("idea, its posters", "{idea}", act=choose_poster),
    Screen("idea that is done", "{done}"),
    Screen("idea of a long title", "{long}"),
    Screen("idea that is hidden", "{hidden}"),
    Screen("idea that waits", "{held}"),
    Screen("own idea that waits", "{held}", "kari"),
    Screen("idea that is withdrawn", "{withdrawn}"),
    Screen("processes", "/prosesser"),
    Screen("process", "/prosesser/ny-lekeplass-pa-ankenes"),
    Screen("follow a process", "/prosesser/ny-lekeplass-pa-ankenes/folg"),
    Screen("process that has ended", "/prosesser/benker-langs-strandpromenaden"),
    Screen("new idea in a process", "/prosesser/ny-lekeplass-pa-ankenes/ideer/ny"),
    Screen("ideas of a process, none", "/prosesser/trygg-vei-til-skolen/ideer"),
    Screen("idea, about to comment", "{idea}", act=begin_to_comment),
    Screen("idea, refused comment", "{idea}", act=comment_nothing),
    Screen("idea that is talked about", "{talked}"),
    Screen("writing a comment", "{talked}/kommenter"),
    Screen("comment", "{comment}", "kari"),
    Screen("comment, about to withdraw", "{comment}", "kari", fold_out),
    Screen("comment that waits", "{held_comment}", "kari"),
    Screen("putting a comment right", "{held_comment}/rett", "kari"),
    Screen("putting an idea right", "{long}/rett", "kari"),
    Screen(
        "putting an idea right, refused", "{long}/rett", "kari", refused("Lagre rettelsen", without="Hva er idéen din?")
    ),
    Screen("reporting an idea", "{talked}/si-fra"),
    Screen("reporting an idea, refused", "{talked}/si-fra", act=refused("Si fra")),
    Screen("receipt", "{receipt}", "kari"),
    Screen("receipt, about to withdraw", "{receipt}", "kari", think_of_withdrawing),
    Screen("receipt after «Angre»", "{undone}", "kari"),
    Screen("receipt of what is not shown", "{refused_receipt}", "kari"),
    Screen("receipt of what is not shown, not agreed", "{appealed_receipt}", "kari"),
    Screen("idea that is not shown", "{refused}"),
    Screen("own things", "/mine", "kari"),
    Screen("own things, none", "/mine"),
    Screen("own data", "/mine/data", "kari"),
    Screen("own data, being made", "/mine/data", "kari", ask_for_own_data),
    Screen("own data, none", "/mine/data"),
    Screen("erasing", "/mine/slett", "kari"),
    Screen("erasing, not sure", "/mine/slett", "kari", erase_unsure),
    Screen("erasing, nothing", "/mine/slett"),
    Screen("emptying the phone", "/mine/tom", "kari"),
    Screen("phone is empty", "/tomt"),
    Screen("signing out, something is not sent", "/mine", "per", leave_a_draft),
    Screen("notices, none", "/varsler"),
    Screen("choosing notices", "/varsler/valg"),
    Screen("choosing notices, refused", "/varsler/valg", act=choose_nothing),
    Screen("language and look", "/utseende"),
    Screen("privacy", "/personvern"),
    Screen("accessibility", "/tilgjengelighet"),
    Screen("about", "/om"),
    Screen("offline", "/offline"),
    Screen("map", "/kart"),
    Screen("join", "/bli?kode=K7M4QX"),
    Screen("not found", "/finnes-ikke"),
    Screen("sign in", "/logg-inn"),
    Screen("code", "/logg-inn", act=ask_for_a_code),
    Screen("code, wrong", "/logg-inn", act=guess_the_code),
    Screen("signed out", "/logget-ut"),
    Screen("link from a mail, not whole", "/logg-inn/lenke/x"),
    Screen("sign-ins", "/mine/innlogginger", "per"),
    Screen("desk", "/arbeidsflate", "per"),
    Screen("desk, nothing fits", "/arbeidsflate?bunke=nye&steg=done", "per"),
    Screen("desk, its filter open", "/arbeidsflate?bunke=alle", "per", fold_out),
    Screen("desk, nothing found", "/arbeidsflate", "per", search_in_vain),
    Screen("desk, many at once, refused", "/arbeidsflate?bunke=alle", "per", ask_for_many),
    Screen("desk, notices", "/arbeidsflate/varsler", "per"),
    Screen("desk, archive queue", "/arbeidsflate/leveringer", "per"),
    Screen("desk, processes", "/arbeidsflate/prosesser", "arne"),
    Screen("desk, no processes", "/arbeidsflate/prosesser", "per"),
    Screen("process editor", "{editor}", "arne"),
    Screen("process editor, refused", "{editor}", "arne", publish_nothing),
    Screen("process preview", "{editor}/forhandsvis", "arne"),
    Screen("ending a process", "{editor}/avslutt", "arne", refused("Avslutt og vis det")),
    Screen("news of a process", "{editor}/nyhet", "arne"),
    Screen("news of a process, refused", "{editor}/nyhet", "arne", refused("Legg ut nyheten")),
    Screen("picture of a process", "{editor}/bilde", "arne"),
    Screen("picture of a process, refused", "{editor}/bilde", "arne", refused("Lagre bildet")),
    Screen("desk, archive queue, sent", "/arbeidsflate/leveringer?vis=sendt", "per"),
    Screen("desk, one idea", "{idea_at_desk}", "per"),
    Screen("desk, one idea, its step open", "{idea_at_desk}", "per", open_step),
    Screen("desk, questions", "/arbeidsflate?bunke=sporsmal", "per"),
    Screen("desk, one question", "{question_at_desk}", "per"),
    Screen("desk, refused answer to a question", "{question_at_desk}", "per", refused("Send svaret")),
    Screen("desk, refused answer", "{idea_at_desk}", "per", refused("Send svaret")),
    Screen("desk, hidden idea", "{hidden_at_desk}", "per"),
    Screen("desk, moderation", "/arbeidsflate/moderering", "per"),
    Screen("desk, moderation, about to refuse", "/arbeidsflate/moderering", "per", refuse_one),
    Screen("desk, moderation, a report and an appeal", "/arbeidsflate/moderering", "mona"),
    Screen(
        "desk, moderation, none chosen",
        "/arbeidsflate/moderering",
        "mona",
        refused("Vis de valgte", where="#several-errors"),
    ),
    Screen("desk, words of the filter", "/arbeidsflate/moderering/ord", "per"),
    Screen("desk, templates", "/arbeidsflate/maler", "per"),
    Screen("desk, template refused", "/arbeidsflate/maler", "per", refused("Lagre malen")),
    Screen("desk, register for somebody", "/arbeidsflate/registrer", "per"),
    Screen("desk, register for somebody, refused", "/arbeidsflate/registrer", "per", refused("Registrer")),
)

# The same pages on a database in which nobody has written yet.
EMPTY_SCREENS = (
    Screen("home, nothing yet", "/"),
    Screen("list, nothing yet", "/ideer"),
    Screen("own things, nothing yet", "/mine"),
)


def violations(page: "Page", *, colours: bool = True) -> list[str]:
    """Return what axe finds against WCAG 2.2 A and AA: rule and where. colours: look at contrast too."""
    page.wait_for_function(AT_REST)  # a colour on its way from light to dark is neither
    options = {"runOnly": {"type": "tag", "values": list(WCAG)}, "resultTypes": ["violations"]}
    found = AXE.run(page, options=options | {"rules": {"color-contrast": {"enabled": colours}}}).response["violations"]
    faults = [(one["id"], node) for one in found for node in one["nodes"]]
    return [f"{rule}: {told(node)}" for rule, node in faults if rule != TARGET_SIZE or is_too_small(page, node)]


def is_too_small(page: "Page", node: "Mapping[str, Any]") -> bool:
    """Tell whether a target is too small in the middle of the screen too, clear of what sticks to its edges.

    Where a bar covers half of it, axe sees the other half alone, while people scroll.
    """
    where = node["target"][0]
    page.locator(where).first.evaluate("it => it.scrollIntoView({ block: 'center' })")
    again = AXE.run(page, context=where, options={"runOnly": {"type": "rule", "values": [TARGET_SIZE]}})
    return bool(again.response["violations"])


def told(node: "Mapping[str, Any]") -> str:
    """Return where a fault is, and what axe says of it."""
    return f"{node['html'][:160]} {node.get('failureSummary', '')}"


def layout_faults(page: "Page") -> list[str]:
    """Return what makes the page scroll sideways, and labels of the navigation that do not fit."""
    faults: list[str] = []
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        faults.append(f"scrolls sideways: {page.evaluate(TOO_WIDE)}")
    faults += [f"label is cut or on two lines: {label}" for label in page.evaluate(CUT_LABELS)]
    return faults


@dataclass
class Weight:
    """What a page brings at the first visit, from an empty cache: `with Weight(page) as weight:` listens."""

    page: "Page"
    answers: "list[Response]" = field(default_factory=list)

    def __enter__(self) -> Self:
        self.page.on("response", self._note)
        return self

    def __exit__(self, *_fault: object) -> None:
        self.page.remove_listener("response", self._note)

    def _note(self, answer: "Response") -> None:
        self.answers.append(answer)

    def faults(self) -> list[str]:
        """Return each budget of look.md 9 that is broken. Photos and the endless stream are not of the first view."""
        counted = [one for one in self.answers if one.request.resource_type not in {"image", "eventsource"}]
        html = len(gzip.compress(counted[0].body()))
        shares = {kind: self._kb(counted, kind) for kind in ("stylesheet", "script", "font")}
        figures = {
            "HTML": (html / KB, 14),
            "CSS": (shares["stylesheet"], 30),
            "JavaScript": (shares["script"], 25),
            "fonts": (shares["font"], 70),
            "first view": (html / KB + sum(shares.values()), 150),
            "requests": (len([one for one in self.answers if one.url.startswith("http")]), 15),
        }
        faults = [f"{name}: {value:.1f}, limit {limit}" for name, (value, limit) in figures.items() if value > limit]
        hosts = {urlsplit(one.url).hostname for one in self.answers if one.url.startswith("http")}
        return [*faults, *(f"foreign host {host}" for host in hosts if host != "127.0.0.1")]

    @staticmethod
    def _kb(answers: "list[Response]", kind: str) -> float:
        return sum(_on_the_wire(one) for one in answers if one.request.resource_type == kind) / KB


def _on_the_wire(answer: "Response") -> int:
    """Return the bytes of the body as they are sent to a browser that takes gzip; a font is packed already."""
    body = answer.body()
    return len(body) if answer.request.resource_type == "font" else len(gzip.compress(body))
