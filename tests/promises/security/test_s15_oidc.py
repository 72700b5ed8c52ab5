"""S15: an identity provider that lies in any one thing signs nobody in; whoever is refused reads one plain sentence."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from flask import Flask
from joserfc.jwk import ECKey, OctKey, RSAKey
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.accounts.models import Participant, ProviderIdentity, SignIn
from app.accounts.oidc import Provider
from app.accounts.service import add_participant
from app.core.actor import Role
from app.factory import create_app, providers
from app.settings import Settings
from app.web.extensions import db
from tests.support.identity_provider import CLIENT, LEVEL, SECRET, IdentityProvider, running, signed_by
from tests.support.visits import Page, Visit

HOUR = 3600
REFUSED = "Innloggingen stemte ikke, så vi stoppet den. Ingenting er endret. Prøv igjen."
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})
SMALL_KEY = ECKey.generate_key("P-256")  # one of RSA would be refused for the length of the header alone


def unsigned(_provider: IdentityProvider, claims: Any) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), ""])


def signed_with_a_key_it_brings(_provider: IdentityProvider, claims: Any) -> str:
    return signed_by(SMALL_KEY, {"alg": "ES256", "jwk": SMALL_KEY.as_dict(private=False)}, claims)


def signed_rightly_but_with_a_key_in_its_header(provider: IdentityProvider, claims: Any) -> str:
    return signed_by(provider.key, {"alg": "RS256", "kid": "one", "jwk": SMALL_KEY.as_dict(private=False)}, claims)


def signed_rightly_but_with_an_address_of_a_key(provider: IdentityProvider, claims: Any) -> str:
    return signed_by(provider.key, {"alg": "RS256", "kid": "one", "jku": "https://ond.example/jwks"}, claims)


def signed_with_the_public_key_as_a_password(provider: IdentityProvider, claims: Any) -> str:
    return signed_by(OctKey.import_key(provider.key.as_pem(private=False)), {"alg": "HS256", "kid": "one"}, claims)


def signed_with_our_secret(_provider: IdentityProvider, claims: Any) -> str:
    return signed_by(OctKey.import_key(SECRET), {"alg": "HS256", "kid": "one"}, claims)


def signed_by_a_stranger(_provider: IdentityProvider, claims: Any) -> str:
    return signed_by(OTHER_KEY, {"alg": "RS256", "kid": "one"}, claims)


def signed_with_an_unknown_key(_provider: IdentityProvider, claims: Any) -> str:
    return signed_by(OTHER_KEY, {"alg": "RS256", "kid": "two"}, claims)


FAULTS: dict[str, dict[str, Any]] = {
    "iss of another": {"claims": {"iss": "https://ond.example"}},
    "no iss": {"claims": {"iss": None}},
    "answer from another issuer": {"answer": {"iss": "https://ond.example"}},
    "answer without issuer": {"answer": {"iss": None}},
    "aud of another": {"claims": {"aud": "another-client"}},
    "aud of two, meant for the other": {"claims": {"aud": [CLIENT, "another-client"], "azp": "another-client"}},
    "no aud": {"claims": {"aud": None}},
    "nonce of another": {"claims": {"nonce": "another-nonce"}},
    "no nonce": {"claims": {"nonce": None}},
    "state of another": {"answer": {"state": "another-state"}},
    "no state": {"answer": {"state": None}},
    "alg none": {"sign": unsigned},
    "JWK in header, signed by it": {"sign": signed_with_a_key_it_brings},
    "JWK in header": {"sign": signed_rightly_but_with_a_key_in_its_header},
    "address of a key in header": {"sign": signed_rightly_but_with_an_address_of_a_key},
    "public key as password": {"sign": signed_with_the_public_key_as_a_password},
    "our secret as key": {"sign": signed_with_our_secret},
    "signature of a stranger": {"sign": signed_by_a_stranger},
    "unknown key": {"sign": signed_with_an_unknown_key},
    "expired": {"claims": {"exp": -HOUR}},
    "issued in the future": {"claims": {"iat": HOUR}},
    "no exp": {"claims": {"exp": None}},
    "low acr": {"claims": {"acr": "idporten-loa-low"}},
    "no acr": {"claims": {"acr": None}},
    "no sub": {"claims": {"sub": None}},
    "a fødselsnummer for sub": {"claims": {"sub": "01017012345"}},
    "sub that is no text": {"claims": {"sub": {"a": 1}}},
    "no code": {"answer": {"code": None}},
    "code that was never given": {"answer": {"code": "guessed"}},
    "HTML for a token": {"token_answer": Response("<html>logg inn</html>", content_type="text/html")},
    "a list for a token": {"token_answer": Response("[]", content_type="application/json")},
    "no token": {"token_answer": Response("{}", content_type="application/json")},
    "a token that is none": {"token_answer": Response('{"id_token": "a.b.c"}', content_type="application/json")},
    "a redirect for a token": {"token_answer": Response(status=302, headers={"Location": "http://127.0.0.1:1/"})},
}


def test_s15_there_are_as_many_faults_as_promised():
    assert len(FAULTS) >= 16


def test_s15_kari_signs_in_with_id_porten_and_only_her_name_there_is_kept(kari, idp, session):
    idp.person |= {"pid": "01017012345", "email": "kari@test.example", "name": "Kari Nordmann"}

    answer = through(kari, idp, "innbygger")

    assert (answer.status, answer.location) == (303, "/mine"), f"S15: a right sign-in gave {answer.status}"
    stored = session.scalars(select(Participant)).one()
    assert (stored.role, stored.name, stored.email) == ("citizen", "", f"{stored.id}@uten.invalid")
    assert session.scalars(select(ProviderIdentity.sub)).all() == ["kari-pairwise"]
    everything = repr(
        [vars(row) for model in (Participant, ProviderIdentity) for row in session.scalars(select(model))]
    )
    assert "01017012345" not in everything, "S15: a fødselsnummer is stored"


def test_s15_we_ask_with_pkce_state_nonce_and_the_level_we_need_anew_each_time(kari, idp):
    for _ in range(2):
        through(kari, idp, "innbygger")

    first, second = idp.asked
    assert first["acr_values"] == LEVEL
    assert first["scope"] == "openid", "S15: we ask for more than we need"
    for secret in ("state", "nonce", "code_challenge"):
        assert first[secret] != second[secret], f"S15: {secret} is used again"
        assert len(first[secret]) >= 43, f"S15: {secret} can be guessed"


@pytest.mark.parametrize("fault", FAULTS)
def test_s15_a_faulty_answer_signs_nobody_in(kari, idp, session, now, fault):
    for part, value in FAULTS[fault].items():
        setattr(idp, part, in_time(value, now) if part == "claims" else value)

    page = through(kari, idp, "innbygger")

    assert 400 <= page.status < 500, f"S15: {fault} gave {page.status}"
    assert REFUSED in page.words, f"S15: {fault}: no sentence that says what to do"
    nothing_half_done(kari, session, fault)


@pytest.mark.parametrize(
    "fault", ["aud of another", "nonce of another", "alg none", "low acr", "signature of a stranger"]
)
def test_s15_a_faulty_answer_makes_nobody_a_colleague(kari, idp, session, per, now, fault):
    idp.person |= {"sub": "per-at-work", "email": "per@test.example"}
    for part, value in FAULTS[fault].items():
        setattr(idp, part, in_time(value, now) if part == "claims" else value)

    page = through(kari, idp, "ansatt")

    assert 400 <= page.status < 500, f"S15: {fault} gave {page.status}"
    assert session.scalars(select(SignIn)).all() == [], f"S15: {fault} signed Per in"
    assert session.scalars(select(ProviderIdentity)).all() == [], f"S15: {fault} tied an identity to Per"


def test_s15_an_answer_works_once(kari, idp, session):
    back = sent_back(kari, idp, "innbygger")
    come_back(kari, back)
    kari.post("/logg-ut")

    page = come_back(kari, back)

    assert (page.status, idp.exchanges) == (422, 1), "S15: an answer was taken twice"
    assert session.scalars(select(SignIn)).all() == [], "S15: an answer signed in twice"


def test_s15_a_code_that_was_used_elsewhere_signs_nobody_in(kari, idp, session):
    back = sent_back(kari, idp, "innbygger")
    idp.codes.clear()

    assert come_back(kari, back).status == 422, "S15: a used code was taken"
    nothing_half_done(kari, session, "a used code")


def test_s15_another_browser_cannot_use_the_answer(kari, site, idp, session):
    back = sent_back(kari, idp, "innbygger")

    page = come_back(Visit(site, session), back)

    assert (page.status, idp.exchanges) == (422, 0), "S15: another browser's answer was used"


def test_s15_an_answer_for_one_door_does_not_open_the_other(kari, idp, session, per):
    idp.person |= {"email": "per@test.example"}
    back = sent_back(kari, idp, "innbygger")

    page = come_back(kari, back.replace("/innbygger", "/ansatt"))

    assert page.status == 422, "S15: a citizen's answer opened the staff door"
    nothing_half_done(kari, session, "another door", participants=1)


@pytest.mark.parametrize(("minutes", "status"), [(0, 303), (14.9, 303), (15, 422), (60, 422)])
def test_s15_who_stays_away_too_long_begins_anew(kari, idp, clock, now, minutes, status):
    back = sent_back(kari, idp, "innbygger")
    clock["now"] = now + timedelta(minutes=minutes)

    assert come_back(kari, back).status == status, f"S15: after {minutes} minutes"


@pytest.mark.parametrize(("seconds", "status"), [(29, 303), (31, 422), (-149, 303), (-151, 422)])
def test_s15_clocks_may_differ_by_half_a_minute(kari, idp, now, seconds, status):
    moment = int(now.timestamp()) + seconds
    idp.claims = {"iat": moment, "exp": moment + 120}

    assert through(kari, idp, "innbygger").status == status, f"S15: a clock {seconds} s off"


def test_s15_who_stops_at_the_provider_is_told_that_nothing_is_changed(kari, idp, session):
    idp.answer = {"code": None, "error": "access_denied"}

    page = through(kari, idp, "innbygger")

    assert page.status == 422
    assert "Du avbrøt innloggingen. Ingenting er endret." in page.words, "S15: cut off without a sentence"
    nothing_half_done(kari, session, "cut off")


def test_s15_a_sign_in_that_is_cut_off_half_way_leaves_nothing(kari, idp, session):
    sent_back(kari, idp, "innbygger")

    nothing_half_done(kari, session, "cut off half-way")


@pytest.mark.parametrize(
    "told",
    [
        {"issuer": "https://ond.example"},
        {"issuer": None},
        {"jwks_uri": "http://127.0.0.1:1/jwks"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
    ],
    ids=str,
)
def test_s15_a_provider_that_tells_wrong_things_of_itself_is_not_used(kari, idp, told):
    idp.told = told

    page = kari.get("/logg-inn/med/innbygger", expect=409)

    assert "Innloggingstjenesten svarer ikke nå." in page.words, "S15: no sentence that says what to do"


def test_s15_our_code_and_secret_go_to_the_issuer_alone(kari, idp, session):
    with running(IdentityProvider(idp.seconds)) as other:
        idp.told = {"token_endpoint": f"{other.url}/token"}

        assert through(kari, idp, "innbygger").status == 422
        assert other.exchanges == 0, "S15: our secret went to another host"
    nothing_half_done(kari, session, "token endpoint elsewhere")


def test_s15_keys_come_from_the_issuer_alone(kari, idp):
    with running(IdentityProvider(idp.seconds)) as other:
        idp.told = {"jwks_uri": f"{other.url}/jwks"}

        kari.get("/logg-inn/med/innbygger", expect=409)


def test_s15_a_refused_answer_is_not_taken_the_second_time_either(kari, idp):
    back = sent_back(kari, idp, "innbygger")
    come_back(kari, back.replace("state=", "state=x"))

    assert (come_back(kari, back).status, idp.exchanges) == (422, 0), "S15: what was refused was tried again"


def test_s15_whoever_works_here_no_more_is_let_in_no_more(kari, idp, session, per, now):
    idp.person |= {"email": "per@test.example"}
    through(kari, idp, "ansatt")
    kari.post("/logg-ut")
    add_participant(session, email="per@test.example", name="", title="", role=Role.CITIZEN, now=now)

    assert through(kari, idp, "ansatt").status == 403, "S15: a role that was taken back still opens"


def test_s15_a_provider_that_is_away_is_said_to_be_and_the_code_by_mail_is_offered(kari, idp):
    idp.told = {"issuer": None}

    page = kari.get("/logg-inn/med/innbygger", expect=409)

    assert page.tree.xpath("//form[contains(@action, '/logg-inn')]"), "S15: no other way in is offered"


def test_s15_with_a_key_of_our_own_no_secret_is_shared(kari, idp, site, set_up):
    idp.client_key = RSAKey.generate_key(2048)
    given = providers(set_up)["innbygger"].settings
    own = replace(given, secret="", key=idp.client_key.as_pem(private=True).decode(), key_id="ours")
    site.extensions["lab_providers"] = {"innbygger": Provider(own)}

    assert through(kari, idp, "innbygger").status == 303, "S15: our own key is not taken"
    idp.client_key = OTHER_KEY
    kari.post("/logg-ut")
    assert through(kari, idp, "innbygger").status == 422


def test_s15_a_new_key_of_the_provider_is_found(kari, idp):
    through(kari, idp, "innbygger")
    idp.key = RSAKey.generate_key(2048, {"kid": "two"})
    idp.sign = lambda provider, claims: signed_by(provider.key, {"alg": "RS256", "kid": "two"}, claims)

    assert through(kari, idp, "innbygger").status == 303, "S15: a new key locks everybody out"


def test_s15_staff_who_were_given_a_role_sign_in_and_stay_the_same_when_their_address_changes(kari, idp, session, per):
    idp.person = {"sub": "per-at-work", "acr": LEVEL, "email": "Per@Test.Example", "email_verified": True}
    assert through(kari, idp, "ansatt").location == "/arbeidsflate"
    kari.post("/logg-ut")
    idp.person["email"] = "ola@test.example"

    assert through(kari, idp, "ansatt").location == "/arbeidsflate"
    assert session.scalars(select(ProviderIdentity.participant_id)).all() == [per.participant_id]


@pytest.mark.parametrize(
    "person",
    [{"email": "ukjent@test.example"}, {"email": "per@test.example", "email_verified": False}, {}, {"email": 7},
     {"email": "citizen@test.example"}, {"email": "gone@test.example"}],
    ids=str,
)  # fmt: skip
def test_s15_the_provider_of_staff_makes_nobody_a_colleague(kari, idp, session, per, now, person):
    add_participant(session, email="citizen@test.example", name="", title="", role=Role.CITIZEN, now=now)
    add_participant(
        session, email="gone@test.example", name="G", title="", role=Role.CASE_WORKER, now=now
    ).closed_at = now
    session.commit()
    idp.person = {"sub": "somebody", "acr": LEVEL, **person}

    page = through(kari, idp, "ansatt")

    assert page.status == 403, f"S15: {person} gave {page.status}"
    assert "Du har ikke tilgang ennå." in page.words, "S15: no sentence that says what to do"
    nothing_half_done(kari, session, str(person), participants=3)


def test_s15_a_citizen_who_is_known_by_mail_is_not_opened_by_the_address_a_provider_names(kari, idp, session, per):
    idp.person |= {"email": "per@test.example", "email_verified": True}

    through(kari, idp, "innbygger")

    assert kari.client.get("/arbeidsflate").status_code == 404, "S15: a citizen's provider opened the desk"


def test_s15_a_closed_account_stays_closed(kari, idp, session, now):
    through(kari, idp, "innbygger")
    kari.post("/logg-ut")
    session.scalars(select(Participant)).one().closed_at = now

    page = through(kari, idp, "innbygger")

    assert (page.status, "Denne kontoen er stengt." in page.words) == (403, True), "S15: a closed account was opened"
    assert session.scalars(select(SignIn)).all() == []


@pytest.mark.parametrize("target", ["https://ond.example", "//ond.example", "/\\ond.example"])
def test_s15_nobody_is_sent_off_the_site_afterwards(kari, idp, target):
    kari.client.get("/logg-inn", query_string={"neste": target})

    assert come_back(kari, sent_back(kari, idp, "innbygger", neste=target)).response.headers["Location"] == "/mine"


def test_s15_without_a_provider_there_is_no_door(visit):
    for address in ("/logg-inn/med/innbygger", "/logg-inn/retur/ansatt?code=x&state=y", "/logg-inn/med/alle"):
        visit.get(address, expect=404)


def through(visit: Visit, idp: IdentityProvider, door: str) -> Page:
    """Go to the provider and come back with whatever it answers."""
    return come_back(visit, sent_back(visit, idp, door))


def sent_back(visit: Visit, idp: IdentityProvider, door: str, **query: str) -> str:
    visit.session.commit()
    begun = visit.client.get(f"/logg-inn/med/{door}", query_string=query)
    assert begun.status_code == 303, f"S15: the way to the provider gave {begun.status_code}"
    assert begun.headers["Location"].startswith(f"{idp.url}/authorize?"), "S15: sent elsewhere than to the provider"
    return httpx.get(begun.headers["Location"], trust_env=False).headers["Location"].removeprefix("http://localhost")


def come_back(visit: Visit, address: str) -> Page:
    visit.session.commit()
    page = Page(visit.client.get(address))
    visit.session.expire_all()
    return page


def nothing_half_done(visit: Visit, session: Any, fault: str, participants: int = 0) -> None:
    assert session.scalars(select(SignIn)).all() == [], f"S15: {fault} signed somebody in"
    assert session.scalars(select(ProviderIdentity)).all() == [], f"S15: {fault} stored an identity"
    assert len(session.scalars(select(Participant)).all()) == participants, f"S15: {fault} made an account"
    assert "Logg ut" not in visit.get("/mine").words, f"S15: {fault}: half signed in"


def in_time(claims: dict[str, Any], now: Any) -> dict[str, Any]:
    """Read exp and iat as seconds from now."""
    moments = {name: int(now.timestamp()) + claims[name] for name in ("exp", "iat") if claims.get(name) is not None}
    return {**claims, **moments}


@pytest.fixture(scope="module")
def serving(clock) -> Iterator[IdentityProvider]:
    def seconds() -> float:
        return clock["now"].timestamp()

    with running(IdentityProvider(seconds)) as made:
        yield made


@pytest.fixture(scope="module")
def set_up(settings, serving, tmp_path_factory) -> Settings:
    """The provider at both doors."""
    secret = tmp_path_factory.mktemp("oidc") / "secret"
    secret.write_text(SECRET)
    said = {"issuer": serving.url, "client_id": CLIENT, "secret_file": str(secret), "acr": LEVEL}
    doors = {f"oidc_{who}_{part}": value for who in ("citizen", "staff") for part, value in said.items()}
    return replace(settings, **doors)


@pytest.fixture(scope="module")
def site(set_up, clock, app) -> Iterator[Flask]:
    """The app with the provider, on the database of the other tests."""
    made = create_app(set_up, clock=lambda: clock["now"])
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def idp(serving, site, set_up) -> IdentityProvider:
    """The provider as it should be, and nothing known of it yet."""
    site.extensions["lab_providers"] = providers(set_up)
    return serving.honest_again()


@pytest.fixture
def kari(site, session, now) -> Visit:
    return Visit(site, session)
