"""A page that is written once for everybody still belongs to whoever asks for it."""

import gzip
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from jinja2 import Environment, meta
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.settings import Settings
from tests.support.ideas import make_idea
from tests.support.visits import Visit

GZIP = {"Accept-Encoding": "gzip"}
KEPT = ("ideas/index.html", "ideas/show.html")
# Who asks, and what they carry: a page that is written for everybody may not ask for these.
OF_ONE_VISITOR = {"request", "session", "g", "config", "current_user", "get_flashed_messages"}
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
NONCE = re.compile(r'nonce="([^"]+)"')


def test_two_visitors_get_the_same_words_and_each_their_own_token_and_nonce(
    idea: str, visit_as: Callable[[str], Visit]
) -> None:
    ola, somebody = get(visit_as("ola"), idea), get(visit_as("anonymous"), idea)

    tokens = [found(TOKEN, page) for page in (ola, somebody)]
    nonces = [found(NONCE, page) for page in (ola, somebody)]
    assert len(set(tokens)) == len(set(nonces)) == 2
    assert without(ola, tokens[0], nonces[0]) == without(somebody, tokens[1], nonces[1])


def test_every_nonce_on_a_page_is_the_one_that_its_policy_allows(idea: str, visit: Visit) -> None:
    page = get(visit, idea)

    assert set(NONCE.findall(page.text)) == {found(NONCE, page)}
    assert f"'nonce-{found(NONCE, page)}'" in page.headers["Content-Security-Policy"]


def test_a_token_from_a_kept_page_lets_its_visitor_support_the_idea(idea: str, visit: Visit) -> None:
    assert "0 støtter" in get(visit, idea).text
    token = found(TOKEN, get(visit, idea))

    assert visit.client.post(f"{idea}/stott", data={"csrf_token": token}).status_code == 303

    assert "1 støtter" in get(visit, idea).text


def test_each_visitor_reads_it_in_their_own_language(visit: Visit) -> None:
    for language, word in (("nb", "Hjem"), ("en", "Home"), ("nb", "Hjem")):
        assert word in get(visit, "/ideer", {"Accept-Language": language}).text


def test_packed_and_whole_say_the_same(idea: str, visit: Visit) -> None:
    small, whole = get(visit, idea, GZIP), get(visit, idea)

    assert small.headers["Content-Encoding"] == "gzip"
    unpacked = gzip.decompress(small.data).decode()
    assert NONCE.sub("", TOKEN.sub("", unpacked)) == NONCE.sub("", TOKEN.sub("", whole.text))
    assert int(small.headers["Content-Length"]) == len(small.data) < len(whole.data) / 2


def test_the_length_of_a_packed_page_follows_from_its_words_alone(idea: str, visit_as: Callable[[str], Visit]) -> None:
    lengths = {len(get(visit_as(who), idea, GZIP).data) for who in ("ola", "anonymous", "ola")}

    assert len(lengths) == 1


@pytest.mark.parametrize("template", KEPT)
def test_a_kept_page_asks_nothing_about_its_visitor(template: str, app: Flask) -> None:
    assert asked_for(app, template, set()) & OF_ONE_VISITOR == set()


def asked_for(app: Flask, template: str, seen: set[str]) -> set[str]:
    """Return all names that a template and its parts look up."""
    if template in seen:
        return set()
    seen.add(template)
    assert app.jinja_env.loader is not None
    source = app.jinja_env.loader.get_source(app.jinja_env, template)[0]
    tree = Environment(autoescape=True).parse(source)  # ours would leave out its own globals
    parts = {part for part in meta.find_referenced_templates(tree) if part is not None}
    parts |= {f"components/{name}.html" for name in re.findall(r"\bui\.(\w+)", source)}
    return meta.find_undeclared_variables(tree).union(*(asked_for(app, part, seen) for part in parts))


def get(visit: Visit, address: str, headers: dict[str, str] | None = None) -> Any:
    return visit.client.get(address, headers=headers)


def found(mark: re.Pattern[str], page: Any) -> str:
    hit = mark.search(page.text)
    assert hit is not None
    return hit[1]


def without(page: Any, *marks: str) -> str:
    text: str = page.text
    for mark in marks:
        text = text.replace(mark, "")
    return text


@pytest.fixture
def idea(session: Session, settings: Settings, kari: Actor, now: Any) -> str:
    """The address of an idea that Kari sent."""
    return f"/ideer/{make_idea(session, settings, actor=kari, now=now).id}"
