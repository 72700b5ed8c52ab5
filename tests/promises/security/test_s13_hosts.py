"""S13: a forged Host is refused, and nobody is ever sent from here to another site."""

import re
from html import unescape
from itertools import cycle
from urllib.parse import urljoin
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from app.core.receipt import one_time_code
from tests.support.fuzz import words_asked_for
from tests.support.ideas import idea_form
from tests.support.karis_things import addresses
from tests.support.signing_in import ask

pytestmark = pytest.mark.sqlite_only
OURS = "http://localhost"
FORGED_HOSTS = [
    "ond.example", "localhost.ond.example", "ond.example:80", "localhost:80@ond.example", "localhost@ond.example",
    "ond.example#localhost", "ond.example/localhost", "ond.example\\localhost", "127.0.0.1.ond.example", "127.0.0.2",
    "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "xn--lcalhost-54a.example", "localhost,ond.example",
    "localhost ond.example", "innbyggerlab.narvik.kommune.no.ond.example", ".localhost", "ond.localhost",
]  # fmt: skip
OFF_SITE = [
    "https://ond.example", "http://ond.example/", "//ond.example", "///ond.example", "////ond.example",
    "/\\ond.example", "\\\\ond.example", "\\/ond.example", "/\\/ond.example", "https:ond.example",
    "https:/ond.example", "https:\\\\ond.example", "HTTPS://ond.example", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>", "vbscript:x", "file:///etc/passwd", "ftp://ond.example",
    "ond.example", "www.ond.example", "localhost@ond.example", "//localhost@ond.example",
    "//localhost:80@ond.example/", "http://localhost@ond.example", "http://localhost.ond.example",
    "//ond.example/%2f..", "//ond%2eexample", "/\t/ond.example", "/\n/ond.example", "/\r/ond.example",
    "\t//ond.example", "\n//ond.example", "\r\n//ond.example", "/\u0000/ond.example", "\u0000//ond.example",
    "/\u2028/ond.example", "/\u200b/ond.example", "\u00a0//ond.example", "\ufeff//ond.example", "//\u2f0fond.example",
    "\uff0f\uff0fond.example", "/\uff0fond.example", "//[::1]/", "//2130706433", "//0x7f000001", "?//ond.example",
    "#//ond.example", ".//ond.example", "..//ond.example", "", " ", "/ok\r\nLocation: https://ond.example",
    "/ok\r\nSet-Cookie: a=b", "mailto:ond@ond.example", "blob:https://ond.example/x", "https://", "://ond.example",
]  # fmt: skip
TARGET_NAMES = ["neste", "next", "retur", "tilbake", "til", "url", "redirect", "return_to"]
KINDS = ["https://ond.example", "//ond.example", "/\\ond.example", "////ond.example"]
LOCAL = ["/", "/mine", "/ideer?sok=lys&side=2", "/ideer/ny#tittel", "/personvern?x=https://ond.example"]


def test_s13_the_lists_are_as_long_as_promised():
    assert (len(set(FORGED_HOSTS)), len(set(OFF_SITE))) == (20, 60)


@pytest.mark.parametrize("host", FORGED_HOSTS)
def test_s13_a_forged_host_gets_nothing(visit, host):
    for path, method in (("/", "GET"), ("/arbeidsflate", "GET"), ("/finnes-ikke", "GET"), ("/ideer/ny", "POST")):
        answer = visit.client.open(path, method=method, headers={"Host": host})

        assert answer.status_code == 400, f"S13: {host} was served {path}"
        assert host not in answer.get_data(as_text=True), f"S13: {host} stands in the answer"


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-Host", "X-Forwarded-Server"])
def test_s13_no_other_header_names_the_site(visit, header):
    receipt = visit.post("/ideer/ny", idea_form(), headers={header: "ond.example"})
    page = visit.get(receipt.location, headers={header: "host=ond.example"})

    assert "ond.example" not in receipt.response.headers["Location"] + page.text, f"S13: {header} is believed"


def test_s13_links_to_keep_begin_with_the_configured_address(visit):
    visit.client.get("/merke", base_url="http://127.0.0.1")
    receipt = visit.post("/ideer/ny", idea_form()).location

    page = visit.client.get(receipt, headers={"Host": "127.0.0.1:9999"}).get_data(as_text=True)

    assert f'value="{OURS}{receipt}"' in page, "S13: the link is not from the configured base"
    assert "127.0.0.1" not in page, "S13: the page repeats the Host it was asked by"


@pytest.mark.parametrize("target", OFF_SITE)
def test_s13_nobody_is_sent_off_the_site(visit, target):
    answer = visit.post("/utseende", {"neste": target}).response

    assert stays(answer.headers["Location"]), f"S13: {target!r} leads to {answer.headers['Location']}"
    assert "Location" not in answer.get_data(as_text=True)
    form = visit.client.get("/utseende", query_string={"neste": target}).get_data(as_text=True)
    for address in re.findall(r'(?:href|action|name="neste" value)="([^"]*)"', form):
        assert stays(unescape(address)), f"S13: {target!r} stands in {address}"


@pytest.mark.parametrize("target", LOCAL)
def test_s13_a_page_of_ours_is_gone_back_to(visit, target):
    assert visit.post("/utseende", {"neste": target}).response.headers["Location"] == target


@pytest.mark.parametrize("target", OFF_SITE[:12])
def test_s13_signing_in_ends_on_our_own_site(visit, per, session, settings, target):
    visit.client.get("/logg-inn", query_string={"neste": target})
    visit.post("/logg-inn", {"email": "per@test.example"})
    with visit.client.session_transaction() as cookie:
        code_id = cookie["kode"]

    answer = visit.post("/logg-inn/kode", {"code": one_time_code(settings.secret_keys()[-1], UUID(code_id))}).response

    assert stays(answer.headers["Location"]), f"S13: {target!r} leads to {answer.headers['Location']}"


@pytest.mark.parametrize("target", OFF_SITE[:12])
def test_s13_the_link_from_a_mail_and_the_question_after_it_end_on_our_own_site(visit, target):
    visit.post("/ideer/ny", idea_form())
    visit.client.get("/logg-inn", query_string={"neste": target})

    first = visit.post(f"/logg-inn/lenke/{ask(visit, 'kari@test.example').link}").response.headers["Location"]
    last = visit.post("/mine/ta-med", {"answer": "nei"}).response.headers["Location"]

    assert (first, last) == ("/mine/ta-med", "/mine"), f"S13: {target!r} leads to {first}, {last}"


@pytest.mark.parametrize("who", ["anonymous", "per"])
def test_s13_no_route_at_all_sends_anybody_off_the_site(app, visit_as, things, who):
    """Each route is asked with every name that such an address may have, what changes something with each kind."""
    visit = visit_as(who)
    token = visit.token()
    turns = cycle(KINDS)
    led = []
    for rule, url in addresses(app, things):
        for method in sorted({"GET", "POST"} & set(rule.methods) if rule.rule != "/logg-ut" else set()):
            for target in KINDS if method == "POST" else [next(turns)]:
                asked = dict.fromkeys(TARGET_NAMES, target)
                form = {**asked, "csrf_token": token} if method == "POST" else None
                visit.session.commit()
                with visit.client.open(url, method=method, query_string=asked, data=form) as answer:
                    led += [
                        f"{method} {url}: {target!r} leads to {where}" for where in led_to(answer) if not stays(where)
                    ]

    assert led == [], "S13: " + "; ".join(led)


def test_s13_every_name_that_our_routes_read_an_address_from_is_tried():
    told = {name for name in words_asked_for() if re.search("neste|next|til$|retur|return|url|redirect", name)}

    assert told <= set(TARGET_NAMES), f"S13: add {sorted(told - set(TARGET_NAMES))} to TARGET_NAMES"


def led_to(answer: TestResponse) -> list[str]:
    """Return every address that an answer sends the browser to."""
    names = ("Location", "HX-Redirect", "HX-Location", "HX-Push-Url", "HX-Replace-Url")
    return [answer.headers[name] for name in names if name in answer.headers]


def stays(location: str) -> bool:
    """Read the address as browsers do: tabs and line breaks dropped, backslash as slash."""
    as_read = re.sub(r"[\t\r\n]", "", location).strip("\x00\x01\x1f ").replace("\\", "/")
    return urljoin(f"{OURS}/", as_read).startswith(f"{OURS}/")
