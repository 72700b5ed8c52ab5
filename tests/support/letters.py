"""Letters, folders and an archive for tests; the official schemas, when they are at hand."""

import base64
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from app.cases.adapters import build_archive
from app.cases.client import (
    CaseArchive,
    CaseRef,
    Document,
    ExternalKey,
    Folder,
    Kind,
    Letter,
    Sender,
    SenderKind,
    Shielding,
)
from app.cases.codes import Codes, codes_in_force
from app.settings import Settings
from tests.support.standin import Standin, official_schemas

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
MISSING = "Offisielle skjema mangler: leter i ../shared/data, sett LAB_SCHEMAS"
_open: list[CaseArchive] = []
CODES = codes_in_force({}, standin=True)


def document(number: int = 1, title: str = "Innspill", content: bytes = b"%PDF-1.7 example") -> Document:
    """Return a file as a letter holds it; number 1 is the main document, the others are pictures."""
    name, kind = ("innspill.pdf", "application/pdf") if number == 1 else (f"bilde-{number}.jpg", "image/jpeg")
    return Document(number, number == 1, title, name, kind, hashlib.sha256(content).hexdigest(), content)


def letter(reference: str = "INL-" + "A" * 26, *, pictures: int = 0, **changes: Any) -> Letter:
    """Return Kari's letter about a crossing, ready to be filed."""
    given: dict[str, Any] = {
        "key": ExternalKey("INNBYGGERLAB", reference),
        "kind": Kind.INCOMING,
        "title": "Innspill: Gangfelt ved Parken",
        "public_title": "Innspill til Idépool (mobilitet)",
        "shielding": None,
        "document_date": date(2026, 3, 3),
        "received_at": NOON,
        "sender": Sender(SenderKind.ANONYMOUS, "Anonym innsender"),
        "documents": (document(), *(document(n, f"Bilde {n - 1}", b"\xff\xd8\xff") for n in range(2, 2 + pictures))),
    }
    return Letter(**{**given, **changes})


def shielded(**changes: Any) -> Letter:
    sender = Sender(SenderKind.PERSON, "Kari Nordmann", "kari@example.no", shielded=True)
    return letter(shielding=Shielding("13", "offl. § 13 jf. fvl. § 13"), sender=sender, **changes)


def folder(slug: str = "mobilitet", *, case_number: str | None = None) -> Folder:
    return Folder(
        slug, f"Smart Narvik, {slug}", ExternalKey("INNBYGGERLAB", f"sak:{slug}:2026"), case_number, may_open=True
    )


@dataclass(slots=True)
class Marks:
    """Steps that keep what is saved, and the order of all that happened."""

    done: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def before(self, name: str) -> None:
        self.told.append(f"begun:{name}")

    def after(self, name: str, number: str) -> None:
        self.told.append(name)
        self.done[name] = number


def archive_at(
    standin: Standin,
    *,
    changed: Mapping[str, str] | None = None,
    clock: Callable[[], datetime] = lambda: NOON,
    **settings: Any,
) -> CaseArchive:
    """Return the real adapter, speaking to this stand-in. changed: codes that staff have set."""
    codes: Codes = codes_in_force(changed or {}, standin=True)
    given = Settings(
        mode="test",
        **{
            "cases_read_url": standin.read_url,
            "cases_write_url": standin.write_url,
            "cases_timeout": 2.0,
            **settings,
        },
    )
    archive = build_archive(given, lambda: codes, clock)
    _open.append(archive)
    return archive


def close_archives() -> None:
    """Hang up; called after each test that may have called an archive."""
    while _open:
        _open.pop().close()


@pytest.fixture(scope="module")
def running_archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    """One stand-in for a file of tests."""
    with Standin(tmp_path_factory.mktemp("standin"), clock="2026-03-03T13:00:00+01:00") as running:
        yield running


@pytest.fixture
def standin(running_archive: Standin) -> Iterator[Standin]:
    """An empty archive that behaves."""
    running_archive.reset()
    running_archive.clear_script()
    yield running_archive
    close_archives()


def opened(archive: CaseArchive, slug: str = "mobilitet") -> CaseRef:
    """Return a case of that slug, opened by us."""
    return archive.open_case(folder(slug), Marks())


def schemas() -> Path:
    """Return the folder of the official GeoIntegrasjon schemas, or skip the test and say why."""
    place = official_schemas()
    if place is None:
        if os.environ.get("LAB_SCHEMAS_REQUIRED") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return place / "geointegrasjon-arkiv-1.1"


@lru_cache(maxsize=2)
def _schema(path: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(path))


def faults_of_call(envelope: bytes) -> list[str]:
    """Return what the official schema says against the call in this envelope; empty when it is valid."""
    body = etree.fromstring(envelope).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
    assert body is not None
    call = etree.fromstring(etree.tostring(body[0]))
    service = "ArkivOppdatering" if "Oppdatering" in etree.QName(call).namespace else "ArkivInnsyn"
    schema = _schema(schemas() / "local" / f"{service}.types.xsd")
    schema.validate(call)
    return [f"{entry.line}: {entry.message}" for entry in schema.error_log]


def sent_files(standin: Standin) -> list[bytes]:
    """Return the bytes of every document sent to the stand-in, in order."""
    sent = [call["request"] for call in standin.calls(operation="NyDokument")]
    return [base64.b64decode(etree.fromstring(xml.encode()).findtext(".//{*}base64") or "") for xml in sent]
