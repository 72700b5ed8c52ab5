"""An OpenID provider of our own on loopback, over real HTTP: strict about what it gets, and faulty on demand.

It shares no code with the product: it checks PKCE, the client and the address to return to by itself.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

KEY = RSAKey.generate_key(2048, {"kid": "one"})
CLIENT, SECRET = "innbyggerlab-test", "a secret between the two of us"
LEVEL = "idporten-loa-substantial"


@dataclass
class IdentityProvider:
    """What it says and does. person: the claims about who signs in. A fault is planted by changing one of the others.

    claims: changes the claims of a token; None drops one. answer: changes what the browser brings back.
    sign: makes the token of its claims. told: changes what it tells of itself. token_answer: in place of the token.
    """

    seconds: Callable[[], float]
    url: str = ""
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "kari-pairwise", "acr": LEVEL})
    claims: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    sign: Callable[["IdentityProvider", Mapping[str, Any]], str] | None = None
    token_answer: Response | None = None
    key: RSAKey = field(default_factory=lambda: KEY)
    client_key: RSAKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    exchanges: int = 0

    def honest_again(self) -> "IdentityProvider":
        """Forget every fault and all that was asked; stay at the same address."""
        self.__init__(self.seconds, self.url)  # type: ignore[misc]
        return self

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        pages: dict[str, Callable[[Request], Response]] = {
            "/.well-known/openid-configuration": self._discovery,
            "/jwks": lambda _request: _json({"keys": [self.key.as_dict(private=False)]}),
            "/authorize": self._authorize,
            "/token": self._token,
        }
        page = pages.get(request.path, lambda _request: Response("not here", 404))
        return page(request)(environ, start_response)

    def _discovery(self, _request: Request) -> Response:
        pages = {f"{name}_endpoint": f"{self.url}/{path}" for name, path in
                 (("authorization", "authorize"), ("token", "token"))}  # fmt: skip
        mine = {"issuer": self.url, **pages, "jwks_uri": f"{self.url}/jwks"}
        return _json(_without_none({**mine, "authorization_response_iss_parameter_supported": True, **self.told}))

    def _authorize(self, request: Request) -> Response:
        asked = request.args.to_dict()
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        self.asked.append(asked)
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        answer = _without_none({"code": code, "state": asked["state"], "iss": self.url, **self.answer})
        return Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{urlencode(answer)}"})

    def _token(self, request: Request) -> Response:
        self.exchanges += 1
        if self.token_answer is not None:
            return self.token_answer
        given = {name: values[0] for name, values in parse_qs(request.get_data(as_text=True)).items()}
        asked = self.codes.pop(given.get("code", ""), None)
        if asked is None or not self._fits(request, given, asked):
            return _json({"error": "invalid_grant"}, 400)
        now = int(self.seconds())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 120, "nonce": asked["nonce"]}
        token = (self.sign or signed)(self, _without_none({**claims, **self.person, **self.claims}))
        return _json({"access_token": "unused", "token_type": "Bearer", "id_token": token})

    def _fits(self, request: Request, given: Mapping[str, str], asked: Mapping[str, str]) -> bool:
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        who = request.authorization
        known = who is not None and (who.username, who.password) == (CLIENT, SECRET)
        known = known or (self.client_key is not None and self._vouched(given.get("client_assertion", "")))
        return known and challenge == asked["code_challenge"] and given.get("redirect_uri") == asked["redirect_uri"]

    def _vouched(self, assertion: str) -> bool:
        """Check the client's own signature, as ID-porten does: our issuer is its audience, and it is a minute old."""
        assert self.client_key is not None
        said = json.loads(jws.deserialize_compact(assertion, self.client_key, algorithms=["RS256"]).payload or b"")
        fresh = said["iat"] <= self.seconds() < said["exp"] <= said["iat"] + 120
        return fresh and (said["iss"], said["sub"], said["aud"]) == (CLIENT, CLIENT, self.url)


def signed(provider: IdentityProvider, claims: Mapping[str, Any]) -> str:
    return signed_by(provider.key, {"alg": "RS256", "kid": "one"}, claims)


def signed_by(key: RSAKey | ECKey | OctKey, header: dict[str, Any], claims: Mapping[str, Any]) -> str:
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    return jws.serialize_compact(header, json.dumps(claims), key, registry=registry)


@contextmanager
def running(provider: IdentityProvider) -> Iterator[IdentityProvider]:
    """Serve it on a free port of loopback."""
    server = make_server("127.0.0.1", 0, provider, threaded=True)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _json(said: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(said), status, content_type="application/json")


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
