"""The form as a phone keeps it: the same for everybody, so that it can be filled in without network."""

import json
from uuid import uuid4

from app.web.security import KEEP, OFFLINE


def test_the_form_that_is_kept_has_no_token_no_key_and_no_cookie(visit):
    answer = visit.get("/ideer/ny", headers={KEEP: "1"}).response
    page = answer.get_data(as_text=True)

    assert answer.headers[OFFLINE] == "1"
    assert "Set-Cookie" not in answer.headers
    assert "csrf_token" not in page
    assert 'name="submission_id" type="hidden" value=""' in page
    assert "data-who" not in page


def test_the_form_that_is_opened_is_the_visitors_own(visit):
    answer = visit.get("/ideer/ny").response

    assert OFFLINE not in answer.headers
    assert "csrf_token" in answer.get_data(as_text=True)


def test_what_was_written_on_the_kept_form_is_received_with_a_fresh_token(visit):
    visit.get("/ideer/ny", headers={KEEP: "1"})
    token = json.loads(visit.get("/merke?sender=1").text)["csrf_token"]
    key = str(uuid4())
    data = {"title": "Benk ved kaia", "body": "Da kan flere sitte.", "area": "annet", "submission_id": key}
    headers = {"Accept": "application/json", "Idempotency-Key": key, "X-CSRFToken": token}

    first = visit.client.post("/ideer/ny", data=data, headers=headers)
    again = visit.client.post("/ideer/ny", data=data, headers=headers)

    assert first.status_code == 201
    assert first.get_json() == again.get_json()
    assert first.get_json()["submission_id"] == key
    assert first.get_json()["receipt"].startswith("/kvittering/")
