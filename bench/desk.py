"""The desk's inbox and the Idepool with a million ideas and five million supports, beside ten thousand."""

import itertools
import statistics
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from app.accounts.devices import Device
from app.accounts.service import add_participant, begin_sign_in
from app.core.actor import Role
from app.factory import create_app
from app.settings import read_settings
from bench import driver
from bench.dataset import START
from bench.figures import Figure, figure
from bench.site import Bench, Site, new_database, site, with_postgres
from workers.runtime import wall_clock

MANY, FEW, SUPPORTS = 1_000_000, 10_000, 5
RUNS, ROUNDS, OK = 3, 12, 200
LIMIT_MS, GROWTH_LIMIT = 150, 2
PER = "per@bench.example"
INBOX = (
    "/arbeidsflate", "/arbeidsflate?bunke=forsinket", "/arbeidsflate?bunke=mine", "/arbeidsflate?bunke=uten",
    "/arbeidsflate?bunke=venter", "/arbeidsflate?bunke=alle", "/arbeidsflate?bunke=alle&omrade=energi",
    "/arbeidsflate?bunke=alle&steg=not_now", "/arbeidsflate?bunke=alle&sok=2026/77", "{middle}", "{item}",
)  # fmt: skip
IDEPOOL = ("/ideer", "/ideer?side=5", "/ideer?sorter=stottet", "/ideer?omrade=energi", "/ideer?status=done")
STEP = (
    "CASE WHEN n % 100 < 50 THEN 'received' WHEN n % 100 < 70 THEN 'read' WHEN n % 100 < 85 THEN 'considered' "
    "WHEN n % 100 < 91 THEN 'decided' WHEN n % 100 < 97 THEN 'done' ELSE 'not_now' END"
)
# Each is told the number of ideas, when the first came, and who Per is. A new idea each minute; Per has one in eleven.
FILLING = (
    """INSERT INTO ideas (id, submission_hash, content_digest, process_id, area_id, title, body, place, language,
         submitted_at, support_count, hidden_reason, channel)
       SELECT gen_random_uuid(), sha256(('h' || n)::bytea), sha256(('c' || n)::bytea), p.id, a.ids[1 + n % 7],
         'Lys i gangveien nummer ' || n, repeat('Det er mørkt når barna går til skolen. ', 8), '', 'nb',
         CAST(:start AS timestamptz) + n * interval '1 minute', :supports, '', 'nett'
       FROM generate_series(1, :count) n, (SELECT id FROM processes WHERE slug = 'idepool') p,
         (SELECT array_agg(id) AS ids FROM focus_areas) a""",
    f"""INSERT INTO parcels (input_id, kind, step, received_at, moved_at, case_number, forwarded, area_id, waits,
         handler_id, revision)
       SELECT id, 'idea', {STEP}, submitted_at, submitted_at, '2026/' || (1 + n % 5000), true, area_id, n % 100 < 85,
         CASE WHEN n % 11 = 0 THEN CAST(:per AS uuid) END, 0
       FROM (SELECT *, row_number() OVER () AS n FROM ideas) i""",
    """INSERT INTO supports (id, idea_id, device_key, at)
       SELECT lpad(to_hex(row_number() OVER ()), 32, '0')::uuid, id, sha256((id::text || k)::bytea), submitted_at
       FROM ideas, generate_series(1, :supports) k""",
)


def figures(bench: Bench) -> list[Figure]:
    """Return p95 of the inbox and of the Idepool with a million ideas, and by what it was with ten thousand."""
    found: dict[str, dict[int, list[float]]] = {"inbox": {}, "idepool": {}}
    with with_postgres(bench) as address:
        for count in (FEW, MANY):
            made = site(bench, f"desk{count}", database_url=new_database(address, f"desk{count}"), answer_days="10")
            cookie, addresses = _filled(made, count)
            made.start("web")
            port = made.places.port
            found["inbox"][count] = _p95(port, [one.format_map(addresses) for one in INBOX], cookie)
            found["idepool"][count] = _p95(port, IDEPOOL, "")
            made.stop("web")
    return [row for name, pages in (("inbox", INBOX), ("idepool", IDEPOOL)) for row in _rows(name, pages, found[name])]


def _rows(name: str, pages: Sequence[str], found: dict[int, list[float]]) -> Iterable[Figure]:
    few = statistics.median(found[FEW])
    what = f"p95 of {len(pages) * ROUNDS} whole pages of {len(pages)} kinds, one at a time; PostgreSQL, 1,000,000 ideas"
    yield figure(f"desk_{name}_ms", f"{what}, 5,000,000 supports", found[MANY], "ms", LIMIT_MS)
    what = f"desk_{name}_ms by its median with 10,000 ideas ({few:.1f} ms)"
    yield figure(f"desk_{name}_growth", what, [ms / few for ms in found[MANY]], "x", GROWTH_LIMIT)


def _p95(port: int, paths: Sequence[str], cookie: str) -> list[float]:
    """Return the p95 of each run, in ms; the first run, which reads pages into memory, does not count."""
    requests = [driver.get(path, {"Cookie": cookie} if cookie else {}) for path in paths]
    return [_one_run(port, itertools.chain.from_iterable([requests] * ROUNDS)) for _ in range(RUNS + 1)][1:]


def _one_run(port: int, requests: Iterable[bytes]) -> float:
    line, waited = driver.Connection(port), []
    for request in requests:
        started = time.perf_counter()
        answer = line.ask(request)
        waited.append((time.perf_counter() - started) * 1000)
        if answer.status != OK:
            raise driver.WrongAnswerError(f"{answer.status}: {request[:200]!r} {answer.body[:300]!r}")
    line.close()
    return statistics.quantiles(waited, n=20)[-1]


def _filled(made: Site, count: int) -> tuple[str, dict[str, str]]:
    """Fill the tables; return Per's cookie, and the addresses of a page in the middle and of one input."""
    engine = made.engine()
    with Session(engine) as session:
        person = add_participant(session, email=PER, name="Per", title="Rådgiver", role=Role.CASE_WORKER, now=START)
        per = person.id
        sign_in = begin_sign_in(session, person, device=Device("", ""), now=wall_clock())
        session.commit()
    said = {"count": count, "start": START - timedelta(days=700), "supports": SUPPORTS, "per": str(per)}
    with engine.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))  # no look at each foreign key
        connection.execute(text("SET maintenance_work_mem = '256MB'"))
        later = _without_indexes(connection)
        for sentence in FILLING:
            connection.execute(text(sentence), {name: said[name] for name in said if f":{name}" in sentence})
        for sentence in later:
            connection.execute(text(sentence))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()
    return _cookie(made, sign_in), _addresses(made, count)


def _addresses(made: Site, count: int) -> dict[str, str]:
    engine = made.engine()
    half = f"ORDER BY received_at OFFSET {count // 2} LIMIT 1"
    with engine.connect() as connection:
        row = connection.execute(
            text(
                f"SELECT input_id, CAST(extract(epoch FROM received_at) * 1000000 AS bigint) AS at FROM parcels {half}"
            )
        ).one()
    engine.dispose()
    return {
        "middle": f"/arbeidsflate?bunke=alle&etter={row.at}-{row.input_id.hex}",
        "item": f"/arbeidsflate/innspill/{row.input_id}",
    }


def _without_indexes(connection: Connection) -> list[str]:
    """Drop what slows the filling; return the sentences that make it again, which takes a tenth of the time."""
    tables = "('ideas', 'parcels', 'supports')"
    plain = connection.execute(
        text(
            f"""SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN {tables}
            AND indexname NOT IN (SELECT conname FROM pg_constraint)"""
        )
    ).all()
    unique = connection.execute(
        text(
            f"""SELECT conname, conrelid::regclass::text AS owner, pg_get_constraintdef(oid) AS said FROM pg_constraint
            WHERE contype = 'u' AND conrelid::regclass::text IN {tables}"""
        )
    ).all()
    for one in plain:
        connection.execute(text(f"DROP INDEX {one.indexname}"))
    for one in unique:
        connection.execute(text(f"ALTER TABLE {one.owner} DROP CONSTRAINT {one.conname}"))
    again = [f"ALTER TABLE {one.owner} ADD CONSTRAINT {one.conname} {one.said}" for one in unique]
    return [*(one.indexdef for one in plain), *again]


def _cookie(made: Site, sign_in: UUID) -> str:
    """Return the cookie of Per, signed in so, made with the site's own key."""
    app = create_app(read_settings({**made.environment, "LAB_INSTANCE": str(Path(made.environment["LAB_INSTANCE"]))}))
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = str(sign_in), True
    found = client.get_cookie("lab")
    assert found is not None  # noqa: S101 - it has just been set
    return f"lab={found.value}"
