"""S7: whatever a stranger gives us as an endpoint, nothing inside is ever connected to."""

import socket

import pytest

from app.core.errors import Transient, UnknownOutcome
from app.core.outbound.line import ANSWER_LIMIT
from app.core.outbound.push import ForbiddenEndpoint, PushDoor, allowed_endpoint, local_hosts
from tests.support.push_service import Answer, FaultyPushService, Listener

LISTED = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "wns2-par02p.notify.windows.com",
    "web.push.apple.com",
)

# Written so that something might read them as an inner address, another host, or another way. {p}: the listener's port.
WRITTEN = [
    "https://127.0.0.1:{p}/x", "https://localhost:{p}/x", "https://2130706433:{p}/x", "https://0x7f000001:{p}/x",
    "https://0x7f.0.0.1:{p}/x", "https://0177.0.0.1:{p}/x", "https://017700000001:{p}/x", "https://127.1:{p}/x",
    "https://[::1]:{p}/x", "https://[::ffff:127.0.0.1]:{p}/x", "https://[::]:{p}/x", "https://0:{p}/x", "https://0.0.0.0:{p}/x",
    "https://fcm.googleapis.com@127.0.0.1:{p}/x", "https://fcm.googleapis.com:{p}@127.0.0.1:{p}/x",
    "https://127.0.0.1:{p}#@fcm.googleapis.com/x", "https://127.0.0.1:{p}?@fcm.googleapis.com/x",
    "https://127.0.0.1:{p}\\@fcm.googleapis.com:{p}/x", "https://fcm.googleapis.com:{p}\\@127.0.0.1/x",
    "https://fcm.googleapis.com.inner.test:{p}/x", "https://evil-fcm.googleapis.com:{p}/x", "https://googleapis.com:{p}/x",
    "https://evilpush.services.mozilla.com:{p}/x", "https://push.services.mozilla.com:{p}/x",
    "https://.push.services.mozilla.com:{p}/x", "https://a..push.services.mozilla.com:{p}/x", "https://notify.windows.com:{p}/x",
    "https://fcm.googleapis.com.:{p}/x", "https://ＦＣＭ.googleapis.com:{p}/x", "https://fcm。googleapis。com:{p}/x",
    "https://FCM.googleapis.com:{p}/x", "https://fcm.googleapis.com%2e127.0.0.1:{p}/x",
    "https://fcm.googleapis.com%00.x:{p}/x",
    "https://fcm.googleapis.com:{p}/x\r\nHost: inner", "https://fcm.googleapis.com\t:{p}/x",
    " https://fcm.googleapis.com:{p}/x",
    "http://fcm.googleapis.com:{p}/x", "https://fcm.googleapis.com:22/x", "https://fcm.googleapis.com:0{p}/x",
    "//fcm.googleapis.com:{p}/x", "ftp://fcm.googleapis.com:{p}/x", "file:///etc/passwd", "gopher://127.0.0.1:{p}/x",
    "",
    "https://fcm.googleapis.com:{p}/" + "x" * 3000,
]  # fmt: skip

# What the name of a listed host might be made to say.
RESOLVED = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255", "192.88.99.1", "::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::",
    "fc00::1", "fd00::1", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_a_hostile_endpoint_is_refused_as_written(listener, door, written):
    with pytest.raises(ForbiddenEndpoint):
        door.post(written.format(p=listener.port), body=b"x", headers={})

    assert listener.count() == 0, "S7"


@pytest.mark.parametrize("address", RESOLVED)
def test_a_listed_name_that_leads_inside_is_refused(listener, door, names, address):
    names["fcm.googleapis.com"] = [[address]]

    with pytest.raises(ForbiddenEndpoint):
        door.post(f"https://fcm.googleapis.com:{listener.port}/x", body=b"x", headers={})

    assert listener.count() == 0, "S7"


def test_one_inner_address_among_outer_ones_refuses_the_name(listener, door, names):
    names["fcm.googleapis.com"] = [["142.250.74.10", "127.0.0.1"]]

    with pytest.raises(ForbiddenEndpoint):
        door.post(f"https://fcm.googleapis.com:{listener.port}/x", body=b"x", headers={})

    assert listener.count() == 0, "S7"


def test_a_name_that_turns_inside_after_the_check_is_connected_to_where_it_was_checked(listener, door, names, opened):
    names["fcm.googleapis.com"] = [["142.250.74.10"], ["127.0.0.1"], ["127.0.0.1"]]

    with pytest.raises(Transient):
        door.post(f"https://fcm.googleapis.com:{listener.port}/x", body=b"x", headers={})

    assert opened == [("142.250.74.10", listener.port)], "S7"
    assert listener.count() == 0, "S7"


def test_a_redirect_to_the_inside_is_not_followed(service, listener):
    service.answer = Answer(307, {"Location": f"http://127.0.0.1:{listener.port}/inner"})
    door = PushDoor(local=local_hosts(f"{service.address},127.0.0.1:{listener.port}"))

    answer = door.post(service.endpoint(), body=b"x", headers={})

    assert answer.status == 307
    assert listener.count() == 0, "S7"
    door.close()


def test_an_allowed_loopback_name_that_leads_elsewhere_is_refused(service, opened):
    local = local_hosts(f"localhost:{service.port}")
    door = PushDoor(local=local, look_up=_always("10.1.2.3"), open_socket=_recorded(opened))

    with pytest.raises(ForbiddenEndpoint):
        door.post(f"http://localhost:{service.port}/x", body=b"x", headers={})

    assert opened == []
    door.close()


@pytest.mark.parametrize("host", LISTED)
def test_the_four_push_services_are_let_through(host):
    assert allowed_endpoint(f"https://{host}/wpush/v2/gAAA_-=?x=1").origin == f"https://{host}"


@pytest.mark.parametrize("setting", ["10.0.0.1:80", "example.org:80", "localhost", "127.0.0.1:http", "0.0.0.0:80"])
def test_only_this_machine_can_be_added_to_the_list(setting):
    with pytest.raises(ValueError, match="LAB_PUSH_HOSTS"):
        local_hosts(setting)


def test_a_huge_answer_is_cut_off_and_its_status_counts(service, open_door):
    service.answer = Answer(201, body=b"x" * 50_000_000)

    answer = open_door.post(service.endpoint(), body=b"x", headers={})

    assert answer.status == 201
    # What lies in the buffers of the two sockets is sent, but never read.
    assert service.bytes_sent < 20_000_000 + ANSWER_LIMIT


@pytest.mark.parametrize("answer", [Answer(silent=True), Answer(drop=True)], ids=["silent", "drop"])
def test_a_message_that_got_no_answer_has_an_unknown_outcome(service, open_door, answer):
    service.answer = answer

    with pytest.raises(UnknownOutcome):
        open_door.post(service.endpoint(), body=b"x", headers={})

    assert len(service.seen) == 1


def test_nobody_at_home_means_that_nothing_was_sent(open_door, service):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    door = PushDoor(local=local_hosts(f"127.0.0.1:{port}"))

    with pytest.raises(Transient):
        door.post(f"http://127.0.0.1:{port}/x", body=b"x", headers={})
    door.close()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17.0),
        ({"Date": "Mon, 03 Mar 2031 12:00:00 GMT", "Retry-After": "Mon, 03 Mar 2031 12:01:30 GMT"}, 90.0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_a_service_may_say_how_long_to_wait(service, open_door, headers, seconds):
    service.answer = Answer(429, headers)

    answer = open_door.post(service.endpoint(), body=b"x", headers={})

    if "Date" not in headers:
        assert answer.retry_after == seconds
    else:
        assert answer.retry_after is not None


def test_the_connection_is_kept_between_messages(service, open_door):
    for _ in range(20):
        open_door.post(service.endpoint(), body=b"x", headers={})

    assert (len(service.seen), service.connections) == (20, 1)


def test_no_cookie_and_no_name_of_our_program_is_sent_along(service, open_door):
    service.answer = Answer(201, {"Set-Cookie": "who=me"})
    for _ in range(2):
        open_door.post(service.endpoint(), body=b"x", headers={"TTL": "5"})

    assert set(service.seen[1].headers) == {"Host", "TTL", "Content-Length"}


def _always(*addresses):
    async def look_up(_host, _port):
        return list(addresses)

    return look_up


def _recorded(opened):
    """Sockets of this machine only: another address is written down and has no network."""

    def open_socket(info):
        address, port = info[4][:2]
        opened.append((address, port))
        if not address.startswith("127."):
            raise OSError("no network in tests")
        return socket.socket(*info[:3])

    return open_socket


@pytest.fixture
def names():
    """What each name resolves to, asked the first time, the second ..."""
    return {}


@pytest.fixture
def opened():
    return []


@pytest.fixture
def door(listener, names, opened):
    async def look_up(host, _port):
        return names[host].pop(0)

    door = PushDoor(https_port=listener.port, look_up=look_up, open_socket=_recorded(opened))
    yield door
    door.close()


@pytest.fixture
def listener():
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def service():
    with FaultyPushService() as service:
        yield service


@pytest.fixture
def open_door(service):
    door = PushDoor(local=local_hosts(service.address), timeout=0.5)
    yield door
    door.close()
