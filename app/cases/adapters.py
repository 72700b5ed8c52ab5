"""Which adapter stands behind the port, by the settings."""

from collections.abc import Callable
from datetime import datetime

from app.cases.client import CaseArchive
from app.cases.codes import Codes
from app.cases.geointegrasjon.adapter import Geointegrasjon
from app.core.outbound.archive import ArchiveConnection, AuthKind, Credentials
from app.settings import Settings

AUTH: dict[str, AuthKind] = {"basic": "basic", "wss": "wss", "apikey": "apikey", "none": "none"}


def build_archive(settings: Settings, codes: Callable[[], Codes], clock: Callable[[], datetime]) -> CaseArchive:
    """Return the configured archive, with kept connections: build it once for a process.

    codes: reads the settings in force, called once for each call of the port. Raises ValueError for an adapter or a
    way to sign in that is not built yet.
    """
    if settings.cases_adapter != "geointegrasjon":
        raise ValueError(f"LAB_CASES_ADAPTER={settings.cases_adapter} is not built yet")
    if settings.cases_auth not in AUTH:
        raise ValueError(f"LAB_CASES_AUTH={settings.cases_auth} is not built yet")
    credentials = Credentials(
        AUTH[settings.cases_auth], settings.cases_user, settings.secret(settings.cases_secret_file)
    )
    connection = ArchiveConnection(
        (settings.cases_read_url, settings.cases_write_url),
        credentials=credentials,
        timeout=settings.cases_timeout,
        parallel=settings.cases_parallel,
        ca_file=settings.cases_ca_file,
    )
    return Geointegrasjon(
        connection,
        read_url=settings.cases_read_url,
        write_url=settings.cases_write_url,
        credentials=credentials,
        codes=codes,
        clock=clock,
    )
