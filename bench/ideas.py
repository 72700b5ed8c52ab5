"""The list of ideas, one idea and a new idea: with 100,000 in the table, on both databases, beside a bare hello."""

import re
import statistics
import time
import uuid
from collections.abc import Callable
from itertools import combinations
from urllib.parse import quote

from bench import dataset, driver
from bench.figures import Figure, figure
from bench.requests import RUNS, Load, measure, rows
from bench.site import Bench, Site, new_database, site, start_hello, with_postgres

MANY, FEW = 100_000, 1_000
SECONDS = 2.0
LIST_LIMIT_MS, DETAIL_LIMIT_MS, SUBMIT_LIMIT_MS, GROWTH_LIMIT = 2, 2, 3, 1.5
SIMILAR_LIMIT_MS, OK = 300, 200
# Each word is in thousands of the 100,000, so these are the dearest questions there can be
TITLES = tuple(
    f"{one} {two} {three} {four} {five}"[: 20 + 5 * (place % 9)]
    for place, (one, two, three, four, five) in enumerate(combinations(dataset.WORDS[:40:5], 5))
)
POSTS_A_RUN, POSTS_A_VISITOR = 300, 20  # an address may send 30 a minute
TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')
WHY = "Det er mørkt når barna går til skolen, og bilene ser dem ikke før de er helt framme ved krysset. " * 5


def figures(bench: Bench) -> list[Figure]:
    """Return the rows on SQLite, then those on PostgreSQL."""
    port = start_hello(bench)
    hello = _again(bench, "hello", (), port, "/")
    what = "bare WSGI answer on granian, started as our web process is; 2 kept connections"
    found = rows("hello", what, hello, "hello", hello, limit=None, pg="")
    if bench.wants("idea_", "similar_"):
        found += _on_one_database(bench, hello, "", lambda _name: "")
        with with_postgres(bench) as address:
            found += _on_one_database(bench, hello, "_pg", lambda name: new_database(address, name))
    bench.supervisor.stop_one("hello")
    return found


def _on_one_database(bench: Bench, hello: Load, pg: str, address: Callable[[str], str]) -> list[Figure]:
    where = "PostgreSQL" if pg else "SQLite"
    beside = ("redis", "postgres") if pg else ("redis",)
    few_ms = _list_of_few(bench, beside, f"few{pg}", address) if bench.wants("idea_list") else 0.0
    many = _filled(bench, f"many{pg}", MANY, address(f"many{pg}"))
    port = many.places.port
    whole = f"{where}, 100,000 ideas, complete page as a phone gets it (compressed)"
    pages: tuple[tuple[str, str, str, float | None], ...] = (
        ("idea_list", "/ideer", "/ideer, 20 cards", LIST_LIMIT_MS),
        ("idea_detail", f"/ideer/{dataset.LONG_READ}", "/ideer/<id>, 24,000 letters, a new visitor", DETAIL_LIMIT_MS),
        ("idea_search", f"/ideer?sok={quote('gatelys skolen')}&status=done", "/ideer?sok=…&status=done", None),
    )
    found: list[Figure] = []
    for name, path, what, limit in pages:
        if bench.wants(name):
            load = _again(bench, "web", beside, port, path)
            found += rows(name, f"{what}; {whole}", load, "web", hello, limit=limit, pg=pg)
            if name == "idea_list":
                found.append(_growth(load, few_ms, where, pg))
    if bench.wants("similar_ideas_ms"):
        what = (
            f"GET /ideer/ligner, p95 of {len(TITLES)} titles as they are typed, one at a time; {where}, 100,000 ideas"
        )
        found.append(figure(f"similar_ideas_ms{pg}", what, _similar(port), "ms", SIMILAR_LIMIT_MS))
    if bench.wants("idea_submit"):
        sent = _submit(bench, beside, port)
        what = (
            f"POST /ideer/ny with CSRF: idea, parcel, search row, outbox event, on disk (fsync); {where}, 100,000 ideas"
        )
        found += rows("idea_submit", what, sent, "web", hello, limit=SUBMIT_LIMIT_MS, pg=pg)
    many.stop("web")
    return found


def _list_of_few(bench: Bench, beside: tuple[str, ...], name: str, address: Callable[[str], str]) -> float:
    """Return the CPU-ms of the list when there are few ideas."""
    few = _filled(bench, name, FEW, address(name))
    load = _again(bench, "web", beside, few.places.port, "/ideer")
    few.stop("web")
    return load.median_ms


def _growth(many: Load, few_ms: float, where: str, pg: str) -> Figure:
    what = f"CPU-ms of /ideer with 100,000 ideas by its median with 1,000 ({few_ms:.2f}); {where}"
    return figure(f"idea_list_growth{pg}", what, [ms / few_ms for ms in many.ms], "x", GROWTH_LIMIT)


def _filled(bench: Bench, name: str, count: int, address: str) -> Site:
    made = site(bench, name, database_url=address)
    engine = made.engine()
    dataset.fill(engine, count)
    engine.dispose()
    made.start("web")
    return made


def _again(bench: Bench, server: str, beside: tuple[str, ...], port: int, path: str) -> Load:
    request = driver.get(path)

    def run(_number: int) -> tuple[int, float]:
        started = time.monotonic()
        return driver.for_seconds(port, request, seconds=SECONDS), time.monotonic() - started

    run(0)  # warm: templates compiled, pages of the file in memory
    return measure(bench, server, beside, run)


def _submit(bench: Bench, beside: tuple[str, ...], port: int) -> Load:
    """Every visitor fetches the form once, from an address of their own, and then sends ideas; only that is timed."""
    runs = [_posts(port, number) for number in range(RUNS + 1)]

    def run(number: int) -> tuple[int, float]:
        started = time.monotonic()
        return driver.each_once(port, runs[number], status=303), time.monotonic() - started

    run(RUNS)
    return measure(bench, "web", beside, run)


def _similar(port: int) -> list[float]:
    """Return the p95 of each run, in ms; the first run, which reads the file into memory, does not count."""
    return [_p95_of_titles(port, f"127.9.{run}.1") for run in range(RUNS + 1)][1:]


def _p95_of_titles(port: int, source: str) -> float:
    line, waited = driver.Connection(port, source), []
    for title in TITLES:
        request = driver.get(
            f"/ideer/ligner?title={quote(title)}", {"HX-Request": "true", "HX-Request-Type": "partial"}
        )
        started = time.perf_counter()
        answer = line.ask(request)
        waited.append((time.perf_counter() - started) * 1000)
        if answer.status != OK:
            raise driver.WrongAnswerError(f"{answer.status}: {answer.body[:300]!r}")
    line.close()
    return statistics.quantiles(waited, n=20)[-1]


def _posts(port: int, number: int) -> list[tuple[str, bytes]]:
    visitors = range(POSTS_A_RUN // POSTS_A_VISITOR)
    return [post for visitor in visitors for post in _posts_of_one(port, f"127.{number + 1}.{visitor}.1")]


def _posts_of_one(port: int, source: str) -> list[tuple[str, bytes]]:
    line = driver.Connection(port, source)
    page = line.ask(driver.get("/ideer/ny", {"Accept-Encoding": "identity"}))
    line.close()
    token = TOKEN.search(page.body)
    if token is None:
        raise driver.WrongAnswerError("The form of a new idea holds no CSRF token.")
    cookie = page.headers["set-cookie"].partition(";")[0]
    return [(source, post_of(token[1].decode(), cookie)) for _ in range(POSTS_A_VISITOR)]


def post_of(token: str, cookie: str, accept: str = "text/html") -> bytes:
    """Return the request that sends a new idea, with a submission id of its own."""
    fields = {
        "csrf_token": token,
        "submission_id": str(uuid.uuid4()),
        "title": "Lys i gangveien ved Frydenlund",
        "body": WHY,
        "area": "mobilitet",
        "place": "Frydenlund skole",
        "email": "",
        "kept": "",
    }
    mark = f"----bench{uuid.uuid4().hex}"  # a new one each time, as browsers do
    body = "".join(
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    content = f"{body}--{mark}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={mark}", "Content-Length": str(len(content)),
               "Cookie": cookie, "Accept": accept, "Sec-Fetch-Site": "same-origin"}  # fmt: skip
    return driver.get("/ideer/ny", headers).replace(b"GET", b"POST", 1) + content
