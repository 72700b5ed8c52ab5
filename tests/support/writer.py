"""One of several writers at once: python -m tests.support.writer NAME COUNT stores COUNT ideas, one at a time."""

import sys

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.factory import create_app
from app.web.extensions import db
from tests.support.ideas import make_idea
from workers.runtime import wall_clock


def main(name: str, count: int) -> None:
    app = create_app()
    actor = Actor(device_key=name.encode().ljust(32, b"."))
    with app.app_context():
        writes = db.engine.execution_options(writes=True)
        for number in range(count):
            with Session(writes, expire_on_commit=False) as session:
                settings = app.extensions["lab_settings"]
                make_idea(session, settings, actor=actor, now=wall_clock(), title=f"Idé {number} fra {name}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
