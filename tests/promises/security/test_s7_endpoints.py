"""S7: 82 hostile endpoints, a rebound name and a redirect: a listener inside sees no connection.

Each by itself, with what else the door does, is in tests/core/test_outbound_push.py.
"""

import socket

import pytest

from app.core.errors import DeliveryFault
from app.core.outbound.push import PushDoor, local_hosts
from tests.core.test_outbound_push import RESOLVED, WRITTEN
from tests.support.push_service import Answer, FaultyPushService, Listener

pytestmark = pytest.mark.sqlite_only
PUBLIC = "142.250.74.10"


def test_s7_eighty_hostile_endpoints_reach_nothing(listener, town):
    for written in WRITTEN:
        town.send(written.format(p=listener.port))
        assert listener.count() == 0, f"S7: {written!r} was connected to"
    for address in RESOLVED:
        town.names = [[address]] * 3
        town.send(f"https://fcm.googleapis.com:{listener.port}/x")
        assert (listener.count(), town.opened) == (0, []), f"S7: a name that leads to {address} was connected to"

    assert len(WRITTEN) + len(RESOLVED) >= 80


def test_s7_the_address_that_was_checked_is_the_one_connected_to(listener, town):
    town.names = [[PUBLIC], ["127.0.0.1"], ["127.0.0.1"], ["127.0.0.1"]]

    town.send(f"https://fcm.googleapis.com:{listener.port}/x")

    assert (listener.count(), town.opened) == (0, [PUBLIC]), "S7: the name was asked again after the check"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_s7_no_redirect_is_followed(listener, status):
    with FaultyPushService() as service:
        service.answer = Answer(status, {"Location": f"http://127.0.0.1:{listener.port}/inner"})
        door = PushDoor(local=local_hosts(f"{service.address},127.0.0.1:{listener.port}"))

        assert door.post(service.endpoint(), body=b"x", headers={}).status == status
        door.close()

    assert listener.count() == 0, f"S7: a {status} was followed inside"


class Town:
    """A door with a resolver and a network of its own: what is not on this machine is written down, not called."""

    def __init__(self, port: int) -> None:
        self.names: list[list[str]] = []
        self.opened: list[str] = []
        self.door = PushDoor(https_port=port, look_up=self._look_up, open_socket=self._open, timeout=1)

    def send(self, url: str) -> None:
        try:
            self.door.post(url, body=b"x", headers={})
        except DeliveryFault:
            return

    async def _look_up(self, _host: str, _port: int) -> list[str]:
        return self.names.pop(0)

    def _open(self, info) -> socket.socket:
        self.opened.append(info[4][0])
        if not info[4][0].startswith("127."):
            raise OSError("no network in tests")
        return socket.socket(*info[:3])


@pytest.fixture
def listener():
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def town(listener):
    made = Town(listener.port)
    yield made
    made.door.close()
