"""S5: markup for htmx in somebody's words does nothing, and each setting of htmx that we use is one that it knows."""

import json
import re
from pathlib import Path

import pytest

from app.web.assets import STATIC
from tests.support.browser import LiveSite, phone
from tests.support.ideas import make_idea

pytestmark = pytest.mark.sqlite_only
ROOT = Path(__file__).parents[3]
PLACE = "KANARIFUGL"
# What somebody might write, if one day it came out unescaped. Each would call /kanari.
WRITTEN = (
    '<div hx-get="/kanari-1" hx-trigger="load"></div>',
    '<div data-hx-get="/kanari-2" data-hx-trigger="load"></div>',
    '<div hx-post="/kanari-3" hx-trigger="load delay:10ms"></div>',
    '<div hx-get="/kanari-4" hx-trigger="load" hx-nonce="gjettet"></div>',
    '<div hx-on::load="fetch(\'/kanari-5\')" hx-on:load="fetch(\'/kanari-5\')"></div>',
    '<div hx-get="/kanari-6" hx-vals=\'js:{"x": fetch("/kanari-6b")}\' hx-trigger="load"></div>',
    '<div hx-get="/kanari-7" hx-trigger="every 50ms"></div>',
    '<div hx-nonce="" hx-get="/kanari-8" hx-trigger="revealed"></div>',
    '<b hx-get:inherited="/kanari-9" hx-trigger:inherited="load" hx-nonce:inherited="x"><i hx-get="/kanari-9"></i></b>',
    '<div hx-get="/kanari-10" hx-trigger="load[fetch(\'/kanari-10b\')]"></div>',
    '<hx-partial hx-target="#status" hx-get="/kanari-11" hx-trigger="load">x</hx-partial>',
    '<script hx-nonce="x">fetch("/kanari-12")</script>',
)  # fmt: skip
FORBIDDEN = ("hx-nonce:inherited", "inlineScriptNonce", "safeEval", "hx-on", "js:", "hx-disable=")


@pytest.mark.parametrize("place", ["text", "main", "fragment"])
def test_s5_markup_that_came_in_unescaped_calls_nobody(browser, live_site, words, place):
    calls = visit_with(browser, live_site, words, "".join(WRITTEN), place)

    assert calls == [], f"S5: {calls}"


@pytest.mark.parametrize("place", ["main", "fragment"])
def test_s5_the_same_markup_with_the_nonce_would_have_called(browser, live_site, words, place):
    ours = '<div hx-nonce="{nonce}" hx-get="/kanari-0" hx-trigger="load"></div>'

    calls = visit_with(browser, live_site, words, ours, place)

    assert calls == ["/kanari-0"], "S5: this check sees nothing, so it proves nothing"


def test_s5_what_somebody_wrote_is_shown_as_they_wrote_it(browser, live_site, session, settings, kari, now):
    idea = make_idea(
        session, settings, actor=kari, now=now, title=WRITTEN[0], body="\n".join(WRITTEN), place=WRITTEN[1]
    )
    context = phone(browser)
    page = context.new_page()
    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url) if "kanari" in request.url else None)

    for url in (f"/ideer/{idea.id}", "/ideer", "/"):
        page.goto(live_site.url + url, wait_until="networkidle" if url == "/" else "load")
        assert WRITTEN[0] in page.locator("main").inner_text(), f"S5: {url}"
    context.close()

    assert calls == [], f"S5: {calls}"


def test_s5_each_setting_is_one_that_this_htmx_knows():
    known = settings_known()

    for file in ROOT.glob("templates/**/*.html"):
        for written in re.findall(r"""name="htmx-config"\s+content='([^']*)'""", file.read_text(encoding="utf-8")):
            unknown = set(json.loads(written)) - known
            assert unknown == set(), f"S5: {file.name} sets {sorted(unknown)}, which this htmx does not know"


def test_s5_the_frame_lets_in_the_nonce_gate_and_swaps_no_fault_of_ours(visit):
    found = re.search(r"""name="htmx-config" content='([^']*)'""", visit.get("/").text)
    assert found, "S5: the frame has no settings for htmx"
    settings = json.loads(found[1])

    assert "hx-csp" in settings["extensions"].split(","), "S5: hx-csp is not switched on"
    assert "5xx" in settings["noSwap"], "S5: a fault of ours would be swapped into the page"
    assert settings["history"] == "reload", "S5"


@pytest.mark.parametrize("word", FORBIDDEN)
def test_s5_what_would_open_the_gate_stands_nowhere(word):
    files = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("static/js/*.js"), *ROOT.glob("app/**/*.py")]

    found = [str(file.relative_to(ROOT)) for file in files if re.search(rf"(?<![\w-]){word}", code_of(file))]

    assert found == [], f"S5: {word} stands in {found}"


def visit_with(browser, site: LiveSite, idea, markup: str, place: str) -> list[str]:
    """Open the idea's page with `markup` unescaped in it; return what it called.

    place: "text", where the words stand and htmx is told to look away; "main", where it looks; "fragment": the page
    comes as it is, and the panel that htmx fetches then holds the markup.
    """
    calls: list[str] = []
    context = phone(browser, service_workers="block")
    page = context.new_page()

    def change(route) -> None:
        if "kanari" in route.request.url:
            calls.append(route.request.url.removeprefix(site.url))
            route.fulfill(status=204)
            return
        answer = route.fetch()
        body = with_markup(answer.text(), markup, place, fragment="hx-request" in route.request.headers)
        nonce = re.search(r"'nonce-([^']+)'", answer.headers["content-security-policy"])
        assert nonce
        body = body.replace("{nonce}", nonce[1])
        route.fulfill(response=answer, body=body)

    page.route(re.compile(rf"{re.escape(site.url)}/(ideer/|kanari)"), change)
    page.goto(f"{site.url}/ideer/{idea.id}")
    if place == "fragment":
        with page.expect_response(lambda answer: bool(answer.request.headers.get("hx-request"))):
            page.evaluate("document.querySelector('#parcel-panel').dispatchEvent(new Event('refresh'))")
        page.wait_for_function("document.querySelector('#parcel-panel #put-in')")
    page.wait_for_timeout(250)
    context.close()
    return calls


def with_markup(body: str, markup: str, place: str, *, fragment: bool) -> str:
    if fragment:
        return body + markup + '<p id="put-in"></p>'
    if place == "text":
        return body.replace(PLACE, markup)
    return body.replace("</main>", f"{markup}</main>") if place == "main" else body


def settings_known() -> set[str]:
    """Return the names of all settings that the packages themselves read: htmx's own list, and its nonce gate's."""
    whole = (ROOT / "node_modules/htmx.org/dist/htmx.js").read_text(encoding="utf-8")
    block = re.search(r"this\.config = \{(.*?)\n\s*\}\n", whole, re.DOTALL)
    assert block, "S5: htmx has no list of settings where we look for it"
    names = set(re.findall(r"^\s*(\w+):", block[1], re.MULTILINE))
    manifest = json.loads((STATIC / "vendor/manifest.json").read_text(encoding="utf-8"))
    served = (STATIC / "vendor" / manifest["htmx.js"]["file"]).read_text(encoding="utf-8")
    return {name for name in names if re.search(rf"\b{name}:", served)}


def code_of(file: Path) -> str:
    """Return a file without its comments, which may name what the code may not."""
    text = file.read_text(encoding="utf-8")
    return re.sub(r"\{#.*?#\}|/\*.*?\*/|^\s*(//|#).*?$", "", text, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def words(session, settings, kari, now):
    return make_idea(session, settings, actor=kari, now=now, body=PLACE)
