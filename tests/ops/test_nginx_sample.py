"""docs/nginx.conf, as production is told to copy it, says what the code expects of the proxy."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.files.routes import _NGINX, _POLICY
from app.files.store import picture_store
from app.settings import Settings
from app.web.security import HSTS

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "docs/nginx.conf"
INSTANCE = Path("/var/lib/innbyggerlab")  # as README.md names it


def test_pictures_are_sent_from_the_inner_address_and_never_to_whoever_asks_for_it():
    inner = location(f"{_NGINX}/")

    assert "internal;" in inner
    assert f"alias {picture_store(Settings(instance=INSTANCE)).ready}/;" in inner
    for header in (f'Content-Security-Policy "{_POLICY}"', 'X-Content-Type-Options "nosniff"', HSTS):
        assert header in inner, f"nginx drops the app's own header on its way from {_NGINX}: {header}"


def test_the_stream_is_passed_on_at_once_and_may_be_silent_for_longer_than_it_is():
    stream = location("/direkte")

    assert "proxy_buffering off;" in stream
    assert socket("live") in stream
    silent_s = int(re.search(r"proxy_read_timeout (\d+)s;", stream)[1])
    assert silent_s > 2 * 15


def test_pages_go_to_the_socket_of_the_procfile():
    assert socket("web") in location("/")


def test_nobody_can_say_from_outside_where_they_come_from():
    text = SAMPLE.read_text()

    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert "$proxy_add_x_forwarded_for" not in text
    assert "proxy_set_header X-Forwarded-Host $host;" in text
    assert "proxy_set_header X-Forwarded-Proto https;" in text


def test_what_the_app_takes_the_proxy_takes_too(app):
    megabytes = int(re.search(r"client_max_body_size (\d+)m;", SAMPLE.read_text())[1])

    assert megabytes * 1024 * 1024 == app.config["MAX_CONTENT_LENGTH"]


def test_the_log_knows_no_secret_and_nobodys_whole_address():
    text = SAMPLE.read_text()
    written = re.search(r"log_format\s+\w+\s+(.*?);", text, re.DOTALL)[1]

    for told in ("$request ", "$request_uri", "$args", "$http_referer", "$http_user_agent", "$remote_addr", "$cookie"):
        assert told not in written
    assert re.search(r"~\^/kvittering/\s+/kvittering/-;", text), "the address of a receipt is its key"
    assert re.search(r"~\^/logg-inn/lenke/\s+/logg-inn/lenke/-;", text), "so is the link that signs in"
    assert "access_log off;" in location("~ ^/(bli|okt|stem)(/|$)")


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed here")
def test_nginx_itself_reads_the_sample(tmp_path):
    keys = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", keys[0], "-out", keys[1],
         "-subj", "/CN=lab.example", "-days", "1"], check=True, capture_output=True,
    )  # fmt: skip
    sample = SAMPLE.read_text()
    sample = re.sub(r"ssl_certificate_key\s+\S+;", f"ssl_certificate_key {keys[0]};", sample)
    sample = re.sub(r"ssl_certificate\s+\S+;", f"ssl_certificate {keys[1]};", sample)
    sample = re.sub(r"access_log /var\S+", f"access_log {tmp_path}/access.log", sample)
    whole = tmp_path / "nginx.conf"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    first = f"pid {tmp_path}/pid;\nerror_log {tmp_path}/error.log;\nevents {{}}\n"
    folders = "\n".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
    whole.write_text(f"{first}http {{\naccess_log off;\n{folders}\n{sample}\n}}\n")

    said = subprocess.run(["nginx", "-t", "-c", whole, "-p", tmp_path], capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stderr


def location(path: str) -> str:
    """Return what stands in the first `location` of that path."""
    found = re.search(rf"location (?:= )?{re.escape(path)} \{{(.*?)\n    \}}", SAMPLE.read_text(), re.DOTALL)
    assert found, f"docs/nginx.conf has no location {path}"
    return found[1]


def socket(process: str) -> str:
    """Return how nginx names the socket on which a process of the Procfile listens."""
    (line,) = (one for one in (ROOT / "Procfile").read_text().splitlines() if one.startswith(f"{process}:"))
    return f"http://unix:{re.search(r':-(/run/[^}]+)}', line)[1]}"
