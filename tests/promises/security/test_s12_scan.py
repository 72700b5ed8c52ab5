"""S12: somebody else's scanner, let loose on every page as nobody and as Kari, finds nothing high or medium.

It begins at one address of every route, presses every form it meets, and looks no further than this machine: modules
that ask a host of the scanner's makers for an echo are left out (ssrf, xxe, log4shell), and those that know other
people's programs alone (cms, wp_enum, nikto).
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from ops.wapiti import ensure_wapiti
from tests.support.karis_things import addresses

MODULES = (
    "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,ldap,methods,permanentxss,redirect,shellshock,"
    "sql,timesql,upload,xss"
)
MEDIUM = 2
COOKIE = "lab"
A_MODULE_S = 180  # an attack on every parameter of every page ends long before
SCAN_S = 3600
# What ends the visit that is scanned, and what lets go of all that is scanned
KEPT_OUT = ("/logg-ut", "/innlogginger/*", "/mine/slett*", "/mine/tom")


@dataclass(frozen=True, slots=True)
class Finding:
    level: int
    name: str
    where: str
    what: str


@pytest.mark.slow
@pytest.mark.parametrize("who", ["anonymous", "kari"])
def test_s12_a_scanner_finds_nothing_high_or_medium(app, session, live_site, visit_as, things, tmp_path, who):
    visit = visit_as(who)
    session.commit()
    starts = sorted({path for rule, path in one_of_each(app, things) if "GET" in (rule.methods or ())})

    findings, pages = scan(live_site.url, starts, cookies_of(visit.client), tmp_path)

    assert pages >= len(starts) / 3, f"S12: the scanner came to {pages} of {len(starts)} pages"
    grave = [finding for finding in findings if finding.level >= MEDIUM]
    assert grave == [], "S12:\n" + "\n".join(map(str, grave))


def one_of_each(app, things) -> Iterator[tuple[object, str]]:
    seen: set[str] = set()
    for rule, path in addresses(app, things):
        if rule.rule not in seen:
            seen.add(rule.rule)
            yield rule, path


def cookies_of(client: FlaskClient) -> list[str]:
    """Return `name=value`, or nothing for who has not been here."""
    known = client.get_cookie(COOKIE)
    return [f"{COOKIE}={known.value}"] if known else []


def scan(site: str, starts: list[str], cookies: list[str], folder: Path) -> tuple[list[Finding], int]:
    """Return what the scanner found on `site` and how many pages it came to."""
    report = folder / "report.json"
    words = [
        str(ensure_wapiti()), "-u", f"{site}/", "-m", MODULES, "-f", "json", "-o", str(report), "--no-bugreport",
        "--flush-session", "--store-session", str(folder / "session"), "--store-config", str(folder / "config"),
        "-d", "1", "--max-links-per-page", "20", "--max-attack-time", str(A_MODULE_S), "--tasks", "4",
    ]  # fmt: skip
    for cookie in cookies:
        words += ["-C", cookie, "--drop-set-cookie"]
    for path in starts:
        words += ["-s", f"{site}{path}"]
    for path in KEPT_OUT:
        words += ["-x", f"{site}{path}"]
    subprocess.run(words, check=True, capture_output=True, timeout=SCAN_S)
    told = json.loads(report.read_text())
    return list(findings_in(told)), told["infos"]["crawled_pages_nbr"]


def findings_in(told: dict) -> Iterator[Finding]:
    for kind in ("vulnerabilities", "anomalies"):
        for name, found in told[kind].items():
            for one in found:
                yield Finding(one["level"], name, f"{one['method']} {one['path']}", one["info"])
