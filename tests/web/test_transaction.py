"""One request, one transaction."""

from sqlalchemy import select

from app.ideas.models import Idea
from app.web import transaction
from app.web.extensions import session as request_session


def test_what_posts_takes_the_write_lock_with_its_first_question(app, session):
    with app.test_request_context("/ideer/ny", method="POST"):
        transaction._open()
        request_session().scalars(select(Idea)).all()

        assert request_session().connection().get_execution_options()["writes"] is True


def test_what_only_reads_keeps_nobody_waiting(app, session):
    with app.test_request_context("/ideer", method="GET"):
        transaction._open()
        request_session().scalars(select(Idea)).all()

        assert "writes" not in request_session().connection().get_execution_options()


def test_what_only_reads_opens_no_transaction_on_postgresql_and_one_picture_of_the_data_on_sqlite(app, session):
    with app.test_request_context("/ideer", method="GET"):
        transaction._open()
        request_session().scalars(select(Idea)).all()

        on_its_own = request_session().connection().get_execution_options().get("isolation_level") == "AUTOCOMMIT"
        assert on_its_own is (session.get_bind().dialect.name == "postgresql")
