"""S11: whatever is sent, by whomever, to whichever route: an answer below 500, and soon.

What a request is made of stands in tests/support/fuzz.py, which reads routes, fields and ids from the program. A number
names a request for ever: `wish(417, ...)` is the same one each time.
"""

import gc
import re
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.cases.geointegrasjon import answers
from tests.support.fuzz import Fuzzer, fields_of_forms, ids_in, words_asked_for
from tests.support.karis_things import rules

WHO = ("anonymous", "kari", "ola", "facilitator", "moderator", "case_worker", "working_group", "administrator")
SERVER_FAULT = 500
AT_MOST_S = 1.0
FRESH_EVERY = 40  # requests of one kind of visitor: some of them sign out
# What a thousand requests must have met, or they stopped at the door.
MET = {200, 303, 400, 404, 405, 422}


@dataclass(frozen=True, slots=True)
class Size:
    """requests: in all. timed: each is also measured, by the processor's clock, since others share the machine."""

    requests: int
    timed: bool


SIZES = [
    pytest.param(Size(1000, timed=False), id="small"),
    pytest.param(Size(30_000, timed=True), id="full", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("size", SIZES)
def test_s11_no_request_breaks_the_program(app, session, visit_as, things, size):
    tokens = [things.receipt(idea) for idea in things.ideas]
    fuzzer = Fuzzer(app, seed=11, ids=ids_in(session), tokens=tokens)
    crowd = Crowd(app, session, visit_as)
    statuses: Counter[int] = Counter()
    faults: list[str] = []

    for number in range(size.requests):
        visit, token = crowd.visitor(number)
        wish = fuzzer.wish(number, token)
        began = time.thread_time()
        try:
            with visit.client.open(wish.path, method=wish.method, **wish.more) as answer:
                statuses[answer.status_code] += 1
                answer.get_data()
                broke = f"{answer.status_code}" if answer.status_code >= SERVER_FAULT else ""
        except Exception as fault:  # noqa: BLE001 - whatever escapes is what this check looks for
            broke = f"{type(fault).__name__}: {fault}"[:300]
        spent = time.thread_time() - began
        if broke:
            faults.append(f"{number} {WHO[number % len(WHO)]}: {wish}: {broke}")
        if size.timed and spent > AT_MOST_S:
            faults.append(f"{number} took {spent:.1f} s: {wish}")

    gc.collect()
    assert faults == [], f"S11: {len(faults)} of {size.requests} requests broke something:\n" + "\n".join(faults[:12])
    assert set(statuses) >= MET, f"S11: the requests did not come far: {sorted(statuses.items())}"


def test_s11_every_route_and_every_field_is_reached(app, session, things):
    fuzzer = Fuzzer(app, seed=11, ids=ids_in(session), tokens=["x"])

    assert {rule.rule for rule in fuzzer.rules} == set(rules(app)), "S11: a route is not asked"
    assert {"title", "email", "case_number", "reason", "code"} <= set(fields_of_forms()), "S11: a field is not filled"
    assert {"sok", "side", "neste", "status"} <= set(words_asked_for()), "S11: a word in the address is not asked"
    assert {things.public.id, things.stopped, things.waiting_picture} <= set(fuzzer.ids), "S11: an id is not tried"


# Every name that the reader looks for, as its source says.
NAMES = sorted(set(re.findall(r'"([A-Za-z]{3,})"', Path(answers.__file__).read_text(encoding="utf-8"))))
TAGS = st.sampled_from(["Envelope", "Body", "NyJournalpostResponse", "return", *NAMES])
WRITABLE = st.characters(exclude_categories=("Cs", "Cc"))
NUMBERS = ["0", "-1", "2026", "9" * 5000, "1e5", "true", "²", "٣", ""]
TEXTS = st.one_of(
    st.text(WRITABLE, max_size=60), st.text(st.characters(categories=("Nd", "No", "Nl")), min_size=1, max_size=6),
    st.sampled_from(NUMBERS),
)  # fmt: skip
TREES = st.recursive(st.tuples(TAGS, TEXTS), lambda inner: st.tuples(TAGS, st.lists(inner, max_size=4)), max_leaves=25)
INSIDES = st.lists(TREES, max_size=5)


@pytest.mark.parametrize(
    "examples", [pytest.param(300, id="small"), pytest.param(20_000, id="full", marks=pytest.mark.slow)]
)
def test_s11_no_answer_of_the_archive_breaks_its_reader(examples):
    @hypothesis_settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(st.binary(max_size=400), INSIDES.map(lambda inside: written(whole(inside)).encode())))
    def read(body: bytes) -> None:
        try:
            read_all(body)
        except answers.UnreadableError:
            return
        except Exception as fault:  # noqa: BLE001 - anything else is what this check looks for
            pytest.fail(f"S11: {type(fault).__name__} over {body[:300]!r}")

    read()


@pytest.mark.parametrize("text", NUMBERS, ids=lambda text: repr(text[:5]))
def test_s11_nothing_that_looks_like_a_number_breaks_the_reader_wherever_it_stands(text):
    everywhere = [(name, [(inner, text) for inner in NAMES]) for name in NAMES]
    try:
        read_all(written(whole([*everywhere, *((name, text) for name in NAMES)])).encode())
    except answers.UnreadableError:
        return
    except Exception as fault:  # noqa: BLE001 - anything else is what this check looks for
        pytest.fail(f"S11: {type(fault).__name__} over {text[:30]!r} in every place of an answer")


def read_all(body: bytes) -> None:
    """Read an answer in every way that the adapter does."""
    inside = answers.body_of(answers.parse(body))
    answers.fault_in(inside)
    made = answers.returned(inside, "NyJournalpost")
    answers.read_codes(made)
    for node in (inside, *answers.items(made), *inside.iter()):
        answers.read_case(node)
        answers.read_entry(node)
        answers.read_document(node)


def whole(inside):
    """Return an answer to NyJournalpost with this inside."""
    return ("Envelope", [("Body", [("NyJournalpostResponse", [("return", inside)])])])


def written(tree) -> str:
    tag, inside = tree
    text = (
        inside.replace("&", "&amp;").replace("<", "&lt;") if isinstance(inside, str) else "".join(map(written, inside))
    )
    return f"<{tag}>{text}</{tag}>"


class Crowd:
    """One visitor of each kind, let in anew now and then."""

    def __init__(self, app, session, visit_as) -> None:
        self.app, self.session = app, session
        self.visits = {who: visit_as(who) for who in WHO}
        self.signed_in = {who: _cookie(visit) for who, visit in self.visits.items()}
        self.tokens: dict[str, str] = {}

    def visitor(self, number: int):
        who = WHO[number % len(WHO)]
        visit = self.visits[who]
        if (number // len(WHO)) % FRESH_EVERY == 0:
            visit.client = self.app.test_client()
            with visit.client.session_transaction() as cookie:
                cookie.update(self.signed_in[who])
            self.session.commit()
            self.tokens[who] = visit.token()
        return visit, self.tokens[who]


def _cookie(visit) -> dict[str, object]:
    with visit.client.session_transaction() as cookie:
        return dict(cookie)
