"""B4: whoever visits is seen by no other company: no foreign request, one cookie at most, nothing stored on the phone.

S3, its second half, is here too: with the content security policy on, ordinary use breaks it nowhere.
"""

from collections.abc import Mapping

import pytest

from tests.support.browser import phone
from tests.support.karis_things import KarisThings

pytestmark = pytest.mark.sqlite_only
PAGES = (
    "/", "/bidra", "/ideer", "/ideer?sok=lys", "/ideer/ny", "/ideer/{idea}", "/sak/{idea}", "/kvittering/{receipt}",
    "/mine", "/varsler", "/varsler/valg?innspill={idea}", "/utseende", "/personvern", "/tilgjengelighet", "/om",
    "/kart", "/bli", "/offline", "/logg-inn", "/finnes-ikke",
)  # fmt: skip
STAFF_PAGES = ("/arbeidsflate", "/arbeidsflate/innspill/{idea}")
OUR_COOKIES = {"lab", "__Host-lab"}
BROKEN = """document.addEventListener('securitypolicyviolation',
  e => console.error('CSP ' + e.blockedURI + ' ' + e.effectiveDirective));"""
STORED = """async () => ({
  local: Object.keys(localStorage), session: Object.keys(sessionStorage),
  databases: (await indexedDB.databases()).map(d => d.name),
})"""  # fmt: skip


@pytest.fixture(scope="module")
def seen():
    """What each page did; all pages are visited once, and each test looks at its own part."""
    return {}


def test_b4_no_page_calls_anybody_but_us(watched):
    foreign = {url: page.foreign for url, page in watched.items() if page.foreign}

    assert foreign == {}, f"B4: {foreign}"


def test_b4_there_is_one_cookie_at_most_and_it_is_ours(watched):
    kept = {
        url: page.cookies for url, page in watched.items() if not page.cookies <= OUR_COOKIES or len(page.cookies) > 1
    }

    assert kept == {}, f"B4: {kept}"


def test_b4_a_visit_leaves_nothing_in_the_phones_stores(watched):
    local = {url: page.stored for url, page in watched.items() if page.stored["local"] or page.stored["session"]}

    assert local == {}, f"B4: {local}"
    databases = {name for page in watched.values() for name in page.stored["databases"]}
    assert databases <= {"innbyggerlab-drafts"}, f"B4: {databases}"


def test_s3_ordinary_pages_never_break_the_policy(watched):
    broken = {url: page.broken for url, page in watched.items() if page.broken}

    assert broken == {}, f"S3: {broken}"


def test_b4_a_page_works_without_a_fault_in_its_scripts(watched):
    faults = {url: page.faults for url, page in watched.items() if page.faults}

    assert faults == {}, f"B4: {faults}"


class Watched:
    """What one page did in a fresh browser. foreign: addresses on other hosts; broken: what the policy stopped."""

    def __init__(self) -> None:
        self.foreign: list[str] = []
        self.cookies: set[str] = set()
        self.stored: dict[str, list[str]] = {}
        self.broken: list[str] = []
        self.faults: list[str] = []


def visit_pages(browser, site, urls: Mapping[str, str], visit=None) -> dict[str, Watched]:
    """Visit the pages one after the other on one phone. urls: as in PAGES -> as asked for."""
    found = {url: Watched() for url in urls}
    now_at = [next(iter(urls))]
    context = phone(browser)
    context.add_init_script(BROKEN)
    if visit is not None:
        site.let_in(context, visit)
    page = context.new_page()

    def asked(request) -> None:
        if not request.url.startswith((site.url, "data:", "blob:")):
            found[now_at[0]].foreign.append(request.url)

    def said(line) -> None:
        if line.text.startswith("CSP "):
            found[now_at[0]].broken.append(line.text)
        if line.text.startswith("CSP http") and not line.text.startswith(f"CSP {site.url}"):
            found[now_at[0]].foreign.append(line.text)  # the policy held it back, and it must not be asked for at all

    context.on("request", asked)
    page.on("console", said)
    page.on("pageerror", lambda fault: found[now_at[0]].faults.append(str(fault)))
    for name, url in urls.items():
        now_at[0] = name
        page.goto(site.url + url)
        page.wait_for_timeout(50)
        found[name].stored = page.evaluate(STORED)
        found[name].cookies = {cookie["name"] for cookie in context.cookies()}
    context.close()
    return found


@pytest.fixture
def watched(browser, live_site, visit_as, things: KarisThings, seen) -> dict[str, Watched]:
    if not seen:
        values = {"idea": things.public.id, "receipt": things.receipt(things.public)}
        seen.update(visit_pages(browser, live_site, {url: url.format(**values) for url in PAGES}))
        inside = {url: url.format(**values) for url in STAFF_PAGES}
        seen.update(visit_pages(browser, live_site, inside, visit_as("per")))
    return seen
