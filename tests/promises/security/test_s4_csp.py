"""S4: every HTML answer carries a strict content security policy with a nonce that no other answer has."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from app.web.security import HEADERS
from ops.setup import environment_with_node
from tests.support.karis_things import KarisThings, addresses

pytestmark = pytest.mark.sqlite_only
ROOT = Path(__file__).parents[3]
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
NONCES = 1000
EVALUATE = """
const { CspEvaluator } = require('csp_evaluator');
const { CspParser } = require('csp_evaluator/dist/parser');
const found = new CspEvaluator(new CspParser(process.argv[1]).csp).evaluate();
console.log(JSON.stringify(found.map(f => ({ severity: f.severity, directive: f.directive, text: f.description }))));
"""
# 10 high, 20 syntax, 30 medium; 40 and 50 are "maybe": 'self' could hold a file that lets scripts in. Ours does not.
HIGH_OR_MEDIUM = 30


def test_s4_every_html_answer_has_a_policy_without_a_way_around_it(app, visit_as, things):
    answers = every_html_answer(app, visit_as, things)

    faults = [f"{url}: {policy}" for url, policy, _ in answers if not strict(policy)]

    assert len(answers) > 60
    assert faults == [], f"S4: {faults}"


def test_s4_the_page_uses_the_nonce_of_its_own_header_and_no_other(app, visit_as, things):
    wrong = [
        url
        for url, policy, body in every_html_answer(app, visit_as, things)
        if set(re.findall(r'nonce="([^"]*)"', body)) - {nonce_of(policy)}
    ]

    assert wrong == [], f"S4: another nonce than the header's: {wrong}"


def test_s4_a_thousand_answers_have_a_thousand_nonces(visit):
    nonces = {nonce_of(visit.client.get("/healthz").headers["Content-Security-Policy"]) for _ in range(NONCES)}

    assert len(nonces) == NONCES, f"S4: {NONCES - len(nonces)} nonces came twice"
    assert min(len(nonce) for nonce in nonces) >= 22, "S4: a nonce has fewer than 128 bits"


def test_s4_googles_evaluator_finds_nothing_high_or_medium(visit):
    policy = visit.client.get("/").headers["Content-Security-Policy"]

    result = subprocess.run(
        ["node", "-e", EVALUATE, policy], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30,
        env=environment_with_node(),
    )  # fmt: skip

    found = [fault for fault in json.loads(result.stdout) if fault["severity"] <= HIGH_OR_MEDIUM]
    assert found == [], f"S4: {found}"


def test_s4_every_answer_carries_the_headers_of_the_table(app, visit_as, things):
    visit = visit_as("per")

    for rule, url in addresses(app, things):
        with visit.client.open(url, method="GET" if "GET" in rule.methods else "POST") as answer:
            missing = {name: value for name, value in HEADERS.items() if answer.headers.get(name) != value}
            assert missing == {}, f"S4: {url} lacks {missing}"


def every_html_answer(app, visit_as, things: KarisThings) -> list[tuple[str, str, str]]:
    """Return address, policy and body of every HTML answer: pages, fragments and refusals."""
    found = []
    visits = [visit_as("kari"), visit_as("per")]
    for visit in visits:
        visit.session.commit()
        asked = [
            (method, url)
            for rule, url in addresses(app, things)
            for method in ("GET", "POST")
            if method in rule.methods
        ]
        asked += [
            ("GET", "/finnes-ikke"),
            ("DELETE", "/ideer"),
            ("GET", f"/kvittering/{things.receipt(things.public)}"),
        ]
        for method, url in asked:
            for headers in ({}, HTMX):
                with visit.client.open(url, method=method, headers=headers) as answer:
                    if answer.mimetype == "text/html":
                        policy = answer.headers.get("Content-Security-Policy", "")
                        found.append((f"{method} {url}", policy, answer.get_data(as_text=True)))
    return found  # fmt: skip


def strict(policy: str) -> bool:
    rules = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    return (
        "unsafe" not in policy
        and "*" not in policy
        and "http:" not in policy
        and rules.get("default-src") == "'none'"
        and rules.get("base-uri") == "'none'"
        and rules.get("object-src") == "'none'"
        and rules.get("frame-ancestors") == "'none'"
        and rules.get("form-action") == "'self'"
        and re.fullmatch(r"'self' 'nonce-[\w-]{22,}'", rules.get("script-src", "")) is not None
        and rules.get("style-src") == rules.get("script-src")
    )


def nonce_of(policy: str) -> str:
    found = re.search(r"script-src [^;]*'nonce-([^']+)'", policy)
    return found[1] if found else ""
