"""What the databases say differently: one writer at a time, and triggers that keep the lines as they are."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.dialect import is_postgresql

# Any number will do, as long as nothing else of ours takes the same lock.
_LOCK = 4_172_026
SQLITE_TRIGGERS = tuple(
    f"CREATE TRIGGER audit_log_no_{verb.lower()} BEFORE {verb} ON audit_log "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is only written to'); END"
    for verb in ("UPDATE", "DELETE")
)
_REFUSE = "RAISE EXCEPTION 'the audit log is only written to'"
POSTGRESQL_TRIGGERS = (
    f"CREATE FUNCTION audit_log_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_REFUSE}; END $$",
    """CREATE TRIGGER audit_log_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
       FOR EACH STATEMENT EXECUTE FUNCTION audit_log_stays()""",
)


def take_turn(session: Session) -> None:
    """Be the only one who adds a line, until this transaction ends. SQLite has one writer at a time anyhow."""
    if is_postgresql(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
