"""Visiting pages as somebody, with the checks that every page must pass."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.accounts.models import SignIn

NEEDS_A_LABEL = "//input[not(@type) or not(@type='hidden' or @type='submit' or @type='button')] | //textarea | //select"


class Page:
    """An answer, read as a page when it is one."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        words = response.mimetype.startswith("text/") or "json" in response.mimetype
        self.text = response.get_data(as_text=True) if words else ""
        self.tree = html.fromstring(self.text) if response.mimetype == "text/html" and self.text.strip() else None

    @property
    def words(self) -> str:
        """All visible text, white space folded."""
        assert self.tree is not None
        for unseen in self.tree.xpath("//script | //style"):
            unseen.drop_tree()
        return " ".join(self.tree.text_content().split())

    @property
    def location(self) -> str:
        return urlsplit(self.response.headers.get("Location", "")).path

    def value(self, name: str) -> str:
        """Return what stands in the form field of that name."""
        assert self.tree is not None
        (control,) = self.tree.xpath(f"//*[@name='{name}'][not(@type='radio')]")[:1]
        return str(control.text or "" if control.tag == "textarea" else control.get("value") or "").strip("\n")


class Visit:
    """Somebody's browser without a screen: it keeps cookies, sends CSRF tokens, and refuses broken pages."""

    def __init__(self, app: Flask, session: Session) -> None:
        self.app = app
        self.session = session
        self.client: FlaskClient = app.test_client()

    def get(self, url: str, *, expect: int = 200, headers: Mapping[str, str] | None = None) -> Page:
        page = self._open("GET", url, expect, headers=headers)
        if page.tree is not None and page.response.mimetype == "text/html":
            check_page(page, url)
        return page

    def fragment(self, url: str, *, expect: int = 200, post: Mapping[str, Any] | None = None) -> Page:
        """Ask as htmx does; refuse a fragment that brings a whole page."""
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
        if post is None:
            page = self._open("GET", url, expect, headers=headers)
        else:
            page = self.post(url, post, expect=expect, headers=headers)
        assert "<html" not in page.text, f"{url} gave a whole page as a fragment"
        return page

    def post(
        self,
        url: str,
        data: Mapping[str, Any] | None = None,
        *,
        expect: int = 303,
        headers: Mapping[str, str] | None = None,
        token: bool = True,
    ) -> Page:
        fields: dict[str, Any] = dict(data or {})
        if token:
            fields.setdefault("csrf_token", self.token())
        return self._open("POST", url, expect, data=fields, headers=headers)

    def token(self) -> str:
        return str(self.client.get("/merke").get_json()["csrf_token"])

    def _open(self, method: str, url: str, expect: int, **kwargs: Any) -> Page:
        self.session.commit()
        page = Page(self.client.open(url, method=method, **kwargs))
        self.session.expire_all()
        assert page.status == expect, f"{method} {url} gave {page.status}, not {expect}: {page.text[:2000]}"
        return page

    def signed_in(self, participant_id: str) -> Self:
        """Be signed in for as long as any test lasts, wherever it moves the clock."""
        begun, ends = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        made = SignIn(participant_id=UUID(participant_id), browser="", system="", begun_at=begun, ends_at=ends)
        self.session.add(made)
        self.session.commit()
        with self.client.session_transaction() as cookie:
            cookie["_user_id"] = str(made.id)
            cookie["_fresh"] = True
        return self

    def with_device(self, mark: str) -> Self:
        with self.client.session_transaction() as cookie:
            cookie["enhet"] = mark
        return self


def check_page(page: Page, url: str) -> None:
    """Refuse a page that some people could not use."""
    tree = page.tree
    assert tree is not None
    root = tree.getroottree().getroot()
    faults = []
    if not root.get("lang"):
        faults.append("no lang")
    if len(tree.xpath("//h1")) != 1:
        faults.append(f"{len(tree.xpath('//h1'))} h1")
    if not "".join(tree.xpath("//title/text()")).strip():
        faults.append("no title")
    ids = list(tree.xpath("//@id"))
    faults += [f"id {i} twice" for i in set(ids) if ids.count(i) > 1]
    faults += [f"{c.get('name')} has no label" for c in tree.xpath(NEEDS_A_LABEL) if not _labelled(c, tree)]
    faults += ["a form without action" for f in tree.xpath("//form") if not f.get("action")]
    faults += [
        f"hx-target {target} is not there"
        for target in tree.xpath("//@hx-target")
        if target.startswith("#") and target[1:] not in ids
    ]
    if tree.xpath("//@style") or tree.xpath("//style"):
        faults.append("inline style")
    faults += ["inline script" for s in tree.xpath("//script[not(@src)]") if s.get("type") != "application/json"]
    faults += [f"on-attribute {a}" for a in tree.xpath("//@*[starts-with(name(), 'on')]")]
    faults += [f"foreign host {a}" for a in tree.xpath("//link/@href | //script/@src | //img/@src") if "//" in a]
    needs = tree.xpath("//*[@*[starts-with(name(), 'hx-') and name() != 'hx-ignore' and name() != 'hx-nonce']]")
    faults += [f"<{e.tag}> has hx attributes and no nonce" for e in needs if not e.get("hx-nonce")]
    assert not faults, f"{url}: {'; '.join(faults)}"


def _labelled(control: html.HtmlElement, tree: html.HtmlElement) -> bool:
    if control.get("aria-label") or control.get("aria-labelledby"):
        return True
    name = control.get("id")
    return bool(name and tree.xpath(f"//label[@for='{name}']")) or bool(control.xpath("ancestor::label"))
