"""What PostgreSQL must say of itself: what is acknowledged is on disk (see promises.md 4)."""

from sqlalchemy import Engine

# None may be off. The other values of synchronous_commit wait for our own disk at least.
NEVER_OFF = ("fsync", "full_page_writes", "synchronous_commit")


def faults(engine: Engine) -> list[str]:
    """Return a sentence for each setting that would let a receipt be lost; empty when all is well."""
    if engine.dialect.name != "postgresql":
        return []
    with engine.connect() as connection:
        found = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in NEVER_OFF}
    return [f"PostgreSQL says {name}=off, and it must be on." for name, value in found.items() if value == "off"]
