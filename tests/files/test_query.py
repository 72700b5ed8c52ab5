from uuid import uuid4

import pytest
from sqlalchemy import event

from app.core.actor import NOBODY
from app.core.errors import NotFound
from app.files import query, service
from app.files.cleaning import redraw
from app.files.service import Original
from app.files.store import PictureStore
from tests.files import hostile
from tests.files.seen import laid


def test_the_pictures_of_many_ideas_cost_one_question(session, kari, now):
    ideas = [uuid4() for _ in range(20)]
    for idea_id in ideas:
        attach(session, kari, now, idea_id, count=3)
    asked = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *words: asked.append(words[2]))

    found = query.pictures_for(session, ideas)

    assert len(asked) == 1
    assert [[picture.position for picture in found[idea_id]] for idea_id in ideas] == [[1, 2, 3]] * 20


def test_an_idea_without_pictures_has_none(session):
    assert query.pictures_of(session, uuid4()) == ()
    assert query.pictures_for(session, []) == {}
    assert not query.has_pictures(session, uuid4())


def test_nobody_sees_a_picture_before_it_is_redrawn(session, kari, per, now):
    (picture,) = attach(session, kari, now, uuid4())

    for actor in (NOBODY, kari, per):
        with pytest.raises(NotFound):
            query.get_picture(session, picture.id, actor=actor)


def test_a_hidden_picture_is_seen_by_its_sender_and_staff_alone(session, kari, ola, per, now):
    (picture,) = attach(session, kari, now, uuid4(), public=False)
    service.mark_ready(session, picture.id, width=400, height=300, now=now)

    assert query.public_picture_or_none(session, picture.id) is None
    assert query.get_picture(session, picture.id, actor=kari).id == picture.id
    assert query.get_picture(session, picture.id, actor=per).id == picture.id
    for stranger in (ola, NOBODY):
        with pytest.raises(NotFound):
            query.get_picture(session, picture.id, actor=stranger)


def test_a_picture_without_a_sender_is_not_every_strangers(session, ola, now):
    (picture,) = attach(session, NOBODY, now, uuid4(), public=False)
    service.mark_ready(session, picture.id, width=400, height=300, now=now)

    for stranger in (ola, NOBODY):
        with pytest.raises(NotFound):
            query.get_picture(session, picture.id, actor=stranger)


def test_the_letter_takes_what_is_ready_and_says_what_waits_and_what_failed(session, store, kari, now):
    idea_id = uuid4()
    first, second, _ = attach(session, kari, now, idea_id, count=3)
    redraw(store, first.id, laid(store, hostile.jpeg())[1])
    service.mark_ready(session, first.id, width=400, height=300, now=now)
    service.mark_failed(session, second.id)

    pictures = query.archive_pictures(session, idea_id, store)

    assert [file[:3] for file in pictures.files] == [b"\xff\xd8\xff"]
    assert (pictures.pending, pictures.failed) == (True, 1)
    assert [picture.state for picture in query.pictures_of(session, idea_id)] == ["ready", "failed", "waiting"]


def test_a_ready_picture_whose_file_is_gone_has_failed_for_the_letter(session, store, kari, now):
    idea_id = uuid4()
    (picture,) = attach(session, kari, now, idea_id)
    service.mark_ready(session, picture.id, width=400, height=300, now=now)

    pictures = query.archive_pictures(session, idea_id, store)

    assert (pictures.files, pictures.pending, pictures.failed) == ((), False, 1)


def attach(session, actor, now, input_id, *, count=1, public=True):
    originals = [Original(uuid4().hex, bytes(32), 400, 300) for _ in range(count)]
    service.attach(session, input_id, originals, actor=actor, now=now, public=public)
    return query.pictures_of(session, input_id)


@pytest.fixture
def store(tmp_path) -> PictureStore:
    return PictureStore(tmp_path / "bilder")
