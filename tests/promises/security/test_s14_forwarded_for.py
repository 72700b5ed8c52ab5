"""S14: whoever writes a thousand addresses into X-Forwarded-For is still one visitor, and no way leads round nginx.

In make test nginx is its own sample, docs/nginx.conf, read line by line; slow, it is nginx itself in front of granian.
"""

import re
import shutil
import socket
import ssl
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from flask import Flask

from app.factory import create_app
from app.web.extensions import db, limiter
from tests.support.cluster import Cluster
from tests.support.database import SERVER
from tests.support.driver import Driver, interpreter_words

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "docs" / "nginx.conf"
OURS = "innbyggerlab.example"
VISITOR = "203.0.113.7"
SUPPORT = f"/ideer/{UUID(int=1)}/stott"
A_MINUTE = 60  # presses on support that one address may make in a minute
TOO_MANY = 429


def test_s14_fifty_spoofed_addresses_are_one_visitor(behind_proxy: Flask) -> None:
    statuses: Counter[int] = Counter()

    for address in spoofed(A_MINUTE + 50):
        passed_on = nginx_passes_on({"X-Forwarded-For": address})
        assert address not in passed_on["X-Forwarded-For"], "S14: what a visitor writes reaches us as an address"
        answer = behind_proxy.test_client().post(SUPPORT, headers=passed_on, base_url=f"https://{OURS}")
        statuses[answer.status_code] += 1

    assert statuses[TOO_MANY] == 50, f"S14: spoofed addresses are counted apart: {statuses}"


def test_s14_two_visitors_are_two(behind_proxy: Flask) -> None:
    for visitor in ("198.51.100.1", "198.51.100.2"):
        statuses = {
            behind_proxy.test_client()
            .post(SUPPORT, headers=nginx_passes_on({}, visitor), base_url=f"https://{OURS}")
            .status_code
            for _ in range(A_MINUTE)
        }
        assert TOO_MANY not in statuses, "S14: one visitor pays for another"


def test_s14_nothing_of_ours_listens_on_a_port_in_production() -> None:
    for line in (ROOT / "Procfile").read_text().splitlines():
        assert line.startswith("#") or not re.search(r"--(host|port)\b", line), f"S14: {line} opens a port"
        assert "granian" not in line or "--uds " in line, f"S14: {line} opens a port"


@pytest.mark.slow
@pytest.mark.sqlite_only  # it brings a PostgreSQL of its own: production takes no other
def test_s14_a_thousand_spoofed_addresses_through_nginx_itself_are_one_visitor(
    drive: Callable[..., Driver], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not shutil.which("nginx"):
        pytest.skip("S14 needs nginx, which is not here; on Debian: sudo apt-get install -y nginx-light")
    with Cluster() as cluster:
        monkeypatch.setenv(SERVER, cluster.address)
        with drive("S14", **production(tmp_path)) as driver:
            driver.start_outside("web", web_words(driver))
            driver.wait(driver.web_socket.exists, 60, "web did not start")
            with nginx(driver, tmp_path) as port, visitor_at(port, tmp_path / "cert.pem") as client:
                driver.wait(lambda: client.get("/healthz").status_code == httpx.codes.OK, 60, "web does not answer")
                form = {"csrf_token": client.get("/merke").json()["csrf_token"]}
                statuses = Counter(
                    client.post(
                        SUPPORT, data=form, headers={"X-Forwarded-For": address, "Referer": f"https://{OURS}/"}
                    ).status_code
                    for address in spoofed(1000)
                )
            assert not listens_on_tcp(driver.pid("web")), "S14: the server has a TCP port"

    assert statuses[TOO_MANY] >= 1000 - 3 * A_MINUTE, f"S14: spoofed addresses are counted apart: {statuses}"
    assert max(statuses) == TOO_MANY, f"S14: {statuses}"


def spoofed(count: int) -> Iterator[str]:
    for number in range(count):
        yield f"10.{number // 250}.{number % 250}.9"


def nginx_passes_on(given: dict[str, str], visitor: str = VISITOR) -> dict[str, str]:
    """Return the headers that docs/nginx.conf makes of what `visitor` has sent."""
    known = {
        "$host": OURS,
        "$remote_addr": visitor,
        "$proxy_add_x_forwarded_for": ", ".join(filter(None, (given.get("X-Forwarded-For"), visitor))),
    }
    said = re.findall(r"proxy_set_header (X-Forwarded-\w+)\s+(\S+);", SAMPLE.read_text())
    assert said, "S14: docs/nginx.conf sets no X-Forwarded-For"
    return {**given, **{name: known.get(value, value) for name, value in said}}


def production(folder: Path) -> dict[str, str]:
    """Return settings that production accepts; nobody answers at the other systems' addresses."""
    for name in ("secret", "vapid"):
        (folder / name).write_text(f"{name}-of-one-test-alone-0123456789")
    archive = "https://127.0.0.1:1/archive"
    return {
        "LAB_MODE": "production",
        "LAB_PUBLIC_URL": f"https://{OURS}",
        "LAB_SECRET_KEY_FILE": str(folder / "secret"),
        "LAB_VAPID_KEY_FILE": str(folder / "vapid"),
        "LAB_REDIS_URL": "redis://127.0.0.1:1/0",
        "LAB_CASES_READ_URL": archive,
        "LAB_CASES_WRITE_URL": archive,
        "LAB_PHOTO_ISOLATION": "off",
        "LAB_RATE_LIMITS": "1",
    }


def web_words(driver: Driver) -> list[str]:
    """Return the line of the Procfile, with our socket and one process: limits in memory are each process's own."""
    (line,) = (one for one in (ROOT / "Procfile").read_text().splitlines() if one.startswith("web:"))
    line = re.sub(r"\$\{WEB_SOCKET:-[^}]*\}", str(driver.web_socket), line.partition(": ")[2])
    line = line.replace("--uds-permissions 660", "--uds-permissions 666")  # nginx is somebody else
    return interpreter_words(*re.sub(r"\$\{WEB_PROCESSES:-\d+\}", "1", line).split())


@contextmanager
def nginx(driver: Driver, folder: Path) -> Iterator[int]:
    """Run the sample on a port of this machine, with a certificate of its own; give the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
         "-subj", f"/CN={OURS}", "-days", "1"], check=True, capture_output=True,
    )  # fmt: skip
    sample = SAMPLE.read_text()
    first, _, rest = sample.partition("# Whoever asks by another name")
    site = rest[rest.index("server {\n    listen 443 ssl http2;") :]
    site = site.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl;").replace(
        "listen [::]:443 ssl http2;", ""
    )
    site = re.sub(r"ssl_certificate_key\s+\S+;", f"ssl_certificate_key {key};", site)
    site = re.sub(r"ssl_certificate\s+\S+;", f"ssl_certificate {certificate};", site)
    site = re.sub(r"access_log /var\S+ \w+;.*", "access_log off;", site)
    site = site.replace("/run/innbyggerlab/web.sock", str(driver.web_socket))
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "\n".join(f"{kind}_temp_path {driver.folder}/{kind};" for kind in kinds)
    own = (
        f"user root;\npid {driver.folder}/nginx.pid;\nerror_log {driver.folder}/nginx.log;\ndaemon off;\nevents {{}}\n"
    )
    (folder / "nginx.conf").write_text(f"{own}http {{\naccess_log off;\n{folders}\n{first}\n{site}\n}}\n")
    driver.start_outside("nginx", ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(driver.folder)])
    try:
        driver.wait(lambda: answers(port), 20, "nginx did not start")
        yield port
    finally:
        driver.kill("nginx")


def answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def visitor_at(port: int, certificate: Path) -> Iterator[httpx.Client]:
    trusted = ssl.create_default_context(cafile=str(certificate))
    trusted.check_hostname = False  # it is asked by its address
    address = f"https://127.0.0.1:{port}"
    with httpx.Client(base_url=address, headers={"Host": OURS}, verify=trusted, trust_env=False, timeout=30) as client:
        yield client


def listens_on_tcp(pid: int) -> list[str]:
    """Return the TCP sockets on which a process or one of its children listens."""
    family = [pid, *(int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    owned = {str(fd.readlink()) for one in family for fd in Path(f"/proc/{one}/fd").iterdir() if fd.is_symlink()}
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return [line[1] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in owned]


@pytest.fixture
def behind_proxy(app: Flask, settings, tmp_path: Path) -> Iterator[Flask]:
    """The app as in production, but for its database."""
    (tmp_path / "secret").write_text("of-one-test-alone-0123456789")
    made = create_app(
        replace(
            settings, mode="production", rate_limits=True, instance=tmp_path, public_url=f"https://{OURS}",
            secret_key_file=str(tmp_path / "secret"), photo_isolation="off",
        )
    )  # fmt: skip
    made.config["WTF_CSRF_ENABLED"] = False
    limiter.reset()
    yield made
    with made.app_context():
        db.engine.dispose()
    limiter.enabled = settings.rate_limits
