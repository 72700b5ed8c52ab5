"""Every page: usable by everybody, whole without script, easy to read, and polite to what cannot be read."""

import warnings
from collections import Counter

import pytest
from lxml import html

from app.core.lix import Reading, office_words, read, visible_text
from tests.support.karis_things import KarisThings, addresses, karis_things

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
# Ways a page is looked at that its address alone does not tell.
WITH_QUERY = (
    "/ideer?sok=lys", "/ideer?sok=finnesikke", "/ideer?omrade=mobilitet&status=received&sorter=stottet",
    "/ideer?side=2", "/varsler/valg?innspill={idea}", "/bli?kode=ABC234", "/utseende?neste=/mine",
    "/kvittering/{receipt}", "/kvittering/{gone}",
)  # fmt: skip
LIMITS = {"/personvern": (45, 25), "/om": (45, 25), "/tilgjengelighet": (45, 25)}
CITIZENS = (30, 20)
ENOUGH_WORDS = 100


def test_every_page_can_be_used_by_everybody(pages, visit_as):
    for who in ("anonymous", "kari", "per"):
        visit = visit_as(who)
        for url in pages:
            answer = visit.client.get(url)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                visit.get(url)
            else:
                assert answer.status_code in {200, 303, 404}, url
            answer.close()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("language", ["nn", "en", "se", "smj"])
def test_every_page_can_be_used_in_every_language(pages, visit_as, language):
    visit = visit_as("kari")
    visit.post("/utseende", {"language": language, "neste": "/"})

    for url in pages:
        with visit.client.get(url) as answer:
            if answer.status_code == 200 and answer.mimetype == "text/html":
                assert visit.get(url).tree.getroottree().getroot().get("lang") == language


@pytest.mark.sqlite_only
def test_a_fragment_is_never_a_whole_page_and_a_page_never_a_fragment(pages, visit_as):
    visit = visit_as("kari")

    for url in pages:
        with visit.client.get(url) as page, visit.client.get(url, headers=HTMX) as part:
            if page.mimetype == "text/html" and page.status_code == 200:
                assert "<html" in page.get_data(as_text=True), url
                differs = page.get_data(as_text=True).count("<html") != part.get_data(as_text=True).count("<html")
                if differs:
                    assert {"HX-Request", "HX-Request-Type", "Cookie"} <= set(part.headers["Vary"].split(", ")), url


def test_a_page_restored_from_history_is_whole(visit, things):
    headers = {**HTMX, "HX-History-Restore-Request": "true"}

    assert "<html" in visit.get(f"/ideer/{things.public.id}", headers=headers).text


@pytest.mark.sqlite_only
def test_a_page_for_somebody_signed_in_is_kept_by_nobody(pages, visit_as):
    per = visit_as("per")

    for url in pages:
        with per.client.get(url) as answer:
            if url.startswith("/arbeidsflate") and answer.mimetype == "text/html":
                assert answer.headers["Cache-Control"] == "no-store", url
                assert "X-Offline" not in answer.headers, url


@pytest.mark.sqlite_only
def test_only_pages_without_a_cookie_and_a_token_may_be_kept_offline(pages, visit_as):
    for who in ("anonymous", "kari", "per"):
        visit = visit_as(who)
        for url in pages:
            with visit.client.get(url) as answer:
                if "X-Offline" in answer.headers:
                    assert "Set-Cookie" not in answer.headers, url
                    assert "csrf" not in answer.get_data(as_text=True), url
                    assert not url.startswith(("/arbeidsflate", "/mine", "/bli", "/okt", "/stem", "/kvittering")), url


@pytest.mark.parametrize(
    "address", ["/finnes-ikke", "/ideer/ikke-en-id", "/kvittering/tull", "/bilder/x/side.webp", "/%00"]
)
def test_an_unknown_address_gives_a_friendly_page(visit, address):
    page = visit.get(address, expect=404)

    assert page.tree.xpath("//h1")
    assert page.tree.xpath("//main//a[@href='/']")


@pytest.mark.parametrize(
    "query", ["side=-1", "side=999999999999", "side=²", "sok=%00", "status=x'--", "sorter[]=1", "%ff=%ff"]
)
def test_no_query_gives_a_fault_of_ours(visit, pages, query):
    for url in pages:
        with visit.client.get(f"{url}{'&' if '?' in url else '?'}{query}") as answer:
            assert answer.status_code < 500, url


@pytest.mark.sqlite_only
def test_every_citizens_page_is_easy_to_read(texts):
    hard = []
    for url, text in texts.items():
        reading, (lix, longest) = read(text), limits(url)
        if reading.words >= ENOUGH_WORDS and reading.lix > lix:
            hard.append(f"{url}: LIX {reading.lix:.1f}, at most {lix}")
        if reading.longest_words > longest:
            hard.append(f"{url}: {reading.longest_words} words, at most {longest}: «{reading.longest}»")

    assert hard == []


@pytest.mark.filterwarnings("default:words of the office")
def test_words_from_the_office_are_pointed_out(texts):
    found = Counter(word for text in texts.values() for word in office_words(text))

    if found:
        warnings.warn(f"words of the office: {dict(found)}", WordsOfTheOffice, stacklevel=1)


@pytest.mark.parametrize(
    ("text", "lix", "longest"),
    [
        ("Vi leser alt. Du får svar.", 3.0, 3),
        ("Kommunen behandler henvendelsen fortløpende.", 4 + 100.0, 4),
        ("", 0.0, 0),
        ("Tekst uten lange ord", 4.0, 4),
    ],
)
def test_lix_counts_words_a_sentence_and_long_words(text, lix, longest):
    reading: Reading = read(text)

    assert reading.lix == pytest.approx(lix)
    assert reading.longest_words == longest


def test_a_heading_and_a_button_are_sentences_of_their_own():
    assert read(
        visible_text("<h1>Ny idé</h1><p>Skriv her</p><button>Send</button><script>x = 1</script>")
    ).lix == pytest.approx(5 / 3)


class WordsOfTheOffice(UserWarning):
    """A text says it the office's way. A warning: now and then the word is the right one."""


def without_citizens_words(page: str) -> str:
    """Take away what stands in hx-ignore: somebody wrote it, and nobody measures them."""
    tree = html.document_fromstring(page)
    for words in tree.xpath("//*[@hx-ignore]"):
        words.drop_tree()
    return str(html.tostring(tree, encoding="unicode"))


def limits(url: str) -> tuple[int, int]:
    return LIMITS.get(url, CITIZENS)


@pytest.fixture
def things(session, settings, kari, now) -> KarisThings:
    return karis_things(session, settings, kari, now)


@pytest.fixture
def pages(app, things: KarisThings) -> list[str]:
    """Every address that takes a GET, with every id of Kari's that fits."""
    found = sorted({url for rule, url in addresses(app, things) if "GET" in rule.methods})
    values = {
        "idea": things.public.id,
        "receipt": things.receipt(things.public),
        "gone": things.receipt(things.withdrawn),
    }
    return [*found, *(url.format(**values) for url in WITH_QUERY)]


@pytest.fixture
def texts(pages, visit_as) -> dict[str, str]:
    """What a citizen reads on each page, in bokmål, without what citizens wrote."""
    visit = visit_as("kari")
    found = {}
    for url in pages:
        with visit.client.get(url) as answer:
            if answer.status_code == 200 and answer.mimetype == "text/html" and not url.startswith("/arbeidsflate"):
                found[url] = visible_text(without_citizens_words(answer.get_data(as_text=True)))
    return found
