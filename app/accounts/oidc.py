"""Signing in with an identity provider: OpenID Connect, the code flow with PKCE, state, nonce and a checked issuer.

Sources: OpenID Connect Core 1.0, 3.1; RFC 7636 (PKCE); RFC 9207 (iss in the answer); RFC 7523 (private_key_jwt).
"""

import hmac
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, RSAKey
from joserfc.jws import JWSRegistry

from app.core.errors import Conflict, DeliveryFault, RuleBroken
from app.core.outbound.identity import ProviderConnection
from app.core.text import N_

FLOW_LASTS = timedelta(minutes=15)
DISCOVERY_KEPT = timedelta(hours=12)
LEEWAY_S = 30  # how far our clock and theirs may be apart
# Signed with a key of theirs that is public: no secret that both have, and never «none».
ALGORITHMS = ("RS256", "PS256", "ES256")
# Keys and addresses of keys that a token brings along itself prove nothing.
OWN_KEYS = frozenset({"jwk", "jku", "x5u", "x5c"})
_NATIONAL_ID = re.compile(r"\d{11}")
_SUB_LENGTH = 255

REFUSED = N_("Innloggingen stemte ikke, så vi stoppet den. Ingenting er endret. Prøv igjen.")
STOPPED = N_("Du avbrøt innloggingen. Ingenting er endret. Prøv igjen, eller bruk koden på e-post.")
SILENT = N_("Innloggingstjenesten svarer ikke nå. Prøv igjen om litt, eller bruk koden på e-post.")


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """One provider. name: as people know it, e.g. "ID-porten". secret or key: how we say who we are; key is a PEM.

    levels: the acr that are high enough, the one we ask for first; empty: the provider has none.
    """

    name: str
    issuer: str
    client_id: str
    scope: str
    levels: tuple[str, ...]
    secret: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    key_id: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """One sign-in on its way, kept in the session of the browser that began it. begun_at: seconds since 1970."""

    state: str
    nonce: str
    verifier: str
    begun_at: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is to a provider. email: in lower case, "" unless the provider stands for it."""

    issuer: str
    sub: str
    email: str


class Provider:
    """One identity provider, with what it has told of itself. Safe to use from several threads."""

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings
        self._connection = ProviderConnection(settings.issuer)
        self._lock = threading.Lock()
        self._told: Mapping[str, Any] = {}
        self._keys = KeySet([])
        self._told_at: datetime | None = None

    def start(self, *, redirect_uri: str, language: str, now: datetime) -> tuple[str, Flow]:
        """Return where to send the browser, and what it must bring back. Raises Conflict when nobody answers there."""
        told = self._discovered(now)
        flow = Flow(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), _seconds(now))
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.settings.scope,
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": create_s256_code_challenge(flow.verifier),
            "code_challenge_method": "S256",
            "ui_locales": language,
            **({"acr_values": self.settings.levels[0]} if self.settings.levels else {}),
        }
        address = str(told["authorization_endpoint"])
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}", flow

    def finish(self, answer: Mapping[str, str], flow: Flow | None, *, redirect_uri: str, now: datetime) -> Identity:
        """Return who came back with `answer`. Raises RuleBroken when anything is wrong, Conflict when it is silent."""
        if flow is None or not hmac.compare_digest(flow.state.encode(), answer.get("state", "").encode()):
            raise RuleBroken(REFUSED)
        if _seconds(now) - flow.begun_at >= FLOW_LASTS.total_seconds():
            raise RuleBroken(REFUSED)
        told = self._discovered(now)
        self._check_issuer(answer, told)
        if "error" in answer:
            raise RuleBroken(STOPPED)
        if not answer.get("code"):
            raise RuleBroken(REFUSED)
        return self._identity(self._token(answer["code"], flow, told, redirect_uri, now), flow, now)

    def _check_issuer(self, answer: Mapping[str, str], told: Mapping[str, Any]) -> None:
        """Another provider's answer is not for us, and one that promised to say its name must say it."""
        promised = told.get("authorization_response_iss_parameter_supported") is True
        if (promised or "iss" in answer) and answer.get("iss") != self.settings.issuer:
            raise RuleBroken(REFUSED)

    def _token(self, code: str, flow: Flow, told: Mapping[str, Any], redirect_uri: str, now: datetime) -> str:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.settings.client_id,
            "code_verifier": flow.verifier,
        }
        basic = None
        if self.settings.key:
            fields["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            fields["client_assertion"] = self._assertion(now)
        else:
            basic = (self.settings.client_id, self.settings.secret)
        try:
            token = self._connection.post(str(told["token_endpoint"]), fields, basic=basic).get("id_token")
        except DeliveryFault as fault:
            raise RuleBroken(REFUSED) from fault
        if not isinstance(token, str):
            raise RuleBroken(REFUSED)
        return token

    def _assertion(self, now: datetime) -> str:
        """Say who we are with our own key; ID-porten wants its issuer as the audience."""
        issued = _seconds(now)
        who = {"iss": self.settings.client_id, "sub": self.settings.client_id, "aud": self.settings.issuer}
        claims = {**who, "iat": issued, "exp": issued + 60, "jti": secrets.token_urlsafe(16)}
        header = {"alg": "RS256", **({"kid": self.settings.key_id} if self.settings.key_id else {})}
        return jwt.encode(header, claims, RSAKey.import_key(self.settings.key))

    def _identity(self, token: str, flow: Flow, now: datetime) -> Identity:
        try:
            claims = self._claims(token, flow, now)
        except (JoseError, ValueError, TypeError, KeyError) as fault:
            raise RuleBroken(REFUSED) from fault
        sub, email = claims["sub"], claims.get("email", "")
        if not isinstance(sub, str) or not 0 < len(sub) <= _SUB_LENGTH or _NATIONAL_ID.fullmatch(sub):
            raise RuleBroken(REFUSED)  # a fødselsnummer is never taken for a name: we do not store it
        stands_for_it = isinstance(email, str) and claims.get("email_verified", True) is True
        return Identity(self.settings.issuer, sub, email.strip().lower() if stands_for_it else "")

    def _claims(self, token: str, flow: Flow, now: datetime) -> Mapping[str, Any]:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            read = jwt.decode(token, self._keys, registry=registry)
        except InvalidKeyIdError:
            self._discovered(now, anew=True)  # they may have taken a new key into use
            read = jwt.decode(token, self._keys, registry=registry)
        if OWN_KEYS & set(read.header):
            raise ValueError("the token brings a key of its own")
        wanted: dict[str, Any] = {
            "iss": {"essential": True, "value": self.settings.issuer},
            "aud": {"essential": True, "value": self.settings.client_id},
            "nonce": {"essential": True, "value": flow.nonce},
        }
        if self.settings.levels:
            wanted["acr"] = {"essential": True, "values": list(self.settings.levels)}
        claims = CodeIDToken(read.claims, read.header, wanted, {"client_id": self.settings.client_id})
        claims.validate(now=_seconds(now), leeway=LEEWAY_S)
        return dict(claims)

    def _discovered(self, now: datetime, *, anew: bool = False) -> Mapping[str, Any]:
        """Return what the provider tells of itself, with its keys fetched; at most DISCOVERY_KEPT old."""
        with self._lock:
            fresh = self._told_at is not None and timedelta(0) <= now - self._told_at < DISCOVERY_KEPT
            if not fresh or anew:
                try:
                    told = self._connection.get(f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
                    if told.get("issuer") != self.settings.issuer or not _is_web(told.get("authorization_endpoint")):
                        raise Conflict(SILENT)
                    keys = KeySet.import_key_set(self._connection.get(str(told["jwks_uri"])))  # type: ignore[arg-type]
                except (DeliveryFault, JoseError, ValueError, KeyError, TypeError) as fault:
                    raise Conflict(SILENT) from fault
                self._told, self._keys, self._told_at = told, keys, now
            return self._told


def _is_web(address: object) -> bool:
    return isinstance(address, str) and urlsplit(address).scheme in {"https", "http"}


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
