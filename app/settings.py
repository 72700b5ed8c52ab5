"""All settings, read once from the environment. `make run` alone needs none of them."""

import difflib
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MODES = ("demo", "test", "production")
PASSKEY_RULES = ("off", "when_registered", "required")
DEV_MARK = "DEV"


class SettingsError(SystemExit):
    """The program cannot start: all faults at once, one a line."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. Names there: LAB_ and the field's name in capitals.

    Times are in seconds. A field whose name ends in _file holds the path of a file with the secret.
    """

    mode: str = "demo"
    instance: Path = Path("instance")
    database_url: str = ""
    redis_url: str = ""
    public_url: str = "http://127.0.0.1:8000"
    secret_key_file: str = ""
    secret_key_fallbacks_file: str = ""
    lan: bool = False
    metrics: bool = False
    log_level: str = "INFO"
    crash_at: str = field(default="", repr=False)

    cases_adapter: str = "geointegrasjon"
    cases_read_url: str = "http://127.0.0.1:8765/ArkivInnsynService.svc/ArkivInnsynService"
    cases_write_url: str = "http://127.0.0.1:8765/ArkivOppdateringService.svc/ArkivOppdateringService"
    cases_auth: str = "basic"
    cases_user: str = ""
    cases_secret_file: str = ""
    cases_ca_file: str = ""
    cases_timeout: float = 30.0
    cases_processing: float = 120.0
    cases_margin: float = 30.0
    cases_parallel: int = 2
    status_every: float = 7200.0

    smtp_url: str = "smtp://127.0.0.1:8025"
    mail_from: str = "Innbyggerlab <innbyggerlab@example.invalid>"

    vapid_key_file: str = ""
    vapid_subject: str = "mailto:innbyggerlab@example.invalid"
    push_hosts: str = ""

    oidc_citizen_name: str = "ID-porten"
    oidc_citizen_issuer: str = ""
    oidc_citizen_client_id: str = ""
    oidc_citizen_scope: str = "openid"
    oidc_citizen_acr: str = ""
    oidc_citizen_secret_file: str = ""
    oidc_citizen_key_file: str = ""
    oidc_citizen_key_id: str = ""

    oidc_staff_name: str = "Ansattporten"
    oidc_staff_issuer: str = ""
    oidc_staff_client_id: str = ""
    oidc_staff_scope: str = "openid email"
    oidc_staff_acr: str = ""
    oidc_staff_secret_file: str = ""
    oidc_staff_key_file: str = ""
    oidc_staff_key_id: str = ""

    # What staff who sign in with a code must show as well; "": as staff_passkey_rule says.
    staff_passkey: str = ""

    live_url: str = ""
    undo_seconds: float = 10.0
    quiet_from: int = 21
    quiet_until: int = 8
    relay_every: float = 1.0
    reconcile_every: float = 15.0
    backoff: str = "10,60,300,900,1800,3600"
    photo_isolation: str = "auto"
    x_accel: bool = False
    rate_limits: bool = True
    backup_recipients: str = ""
    backup_folder: str = ""
    # How many days each class of personal data is kept; app/personal/policy.py says which they are.
    keep_codes_days: int = 14
    keep_accounts_days: int = 730
    keep_inputs_days: int = 730
    keep_letters_days: int = 90
    keep_push_days: int = 90
    keep_files_days: int = 7
    keep_backups_days: int = 35
    accessibility_statement_url: str = "https://uustatus.no/nb/"
    answer_days: int = 0
    # Where those call who would rather talk to somebody; it stands on posters. Empty: it is left out.
    contact_phone: str = ""
    # Samlerapport: after how many days at most, and how many inputs and pictures one of them may hold.
    report_days: int = 30
    report_inputs: int = 200
    report_pictures: int = 40

    @property
    def production(self) -> bool:
        return self.mode == "production"

    @property
    def database(self) -> str:
        """The address of the database: the one given, else SQLite in the instance folder."""
        return self.database_url or f"sqlite:///{self.instance.resolve() / 'innbyggerlab.sqlite'}"

    @property
    def staff_passkey_rule(self) -> str:
        """One of PASSKEY_RULES. In production a code alone is not enough to read what people have written."""
        return self.staff_passkey or ("required" if self.production else "when_registered")

    @property
    def passkey_origin(self) -> str:
        """Where passkeys work: they belong to a name, never to a number. This machine has one; "" for other numbers."""
        parts = urlsplit(self.public_url)
        try:
            number = ipaddress.ip_address(parts.hostname or "")
        except ValueError:
            return f"{parts.scheme}://{parts.netloc}"
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://localhost{port}" if number.is_loopback else ""

    @property
    def lease_seconds(self) -> float:
        """How long a delivery is ours: our own timeout, what the receiver may still do after it, and a margin."""
        return self.cases_timeout + self.cases_processing + self.cases_margin

    @property
    def settle_seconds(self) -> float:
        """How long after an unknown outcome we first ask again."""
        return self.cases_processing + self.cases_margin

    @property
    def waits(self) -> tuple[float, ...]:
        """The waits between tries; the last one is repeated."""
        return tuple(float(part) for part in self.backoff.split(","))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names the site answers to."""
        return (urlsplit(self.public_url).hostname or "localhost", "127.0.0.1", "localhost")

    @property
    def secure_cookies(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"

    def secret_keys(self) -> tuple[str, ...]:
        """The signing keys, oldest first, the one in use last. Test mode without a file has a fixed one."""
        old = _lines(self.secret_key_fallbacks_file)
        if self.secret_key_file:
            return (*old, *_lines(self.secret_key_file)[-1:])
        return (*old, f"{DEV_MARK}-{self.mode}-key-that-nobody-may-use-in-production")

    def secret(self, path: str) -> str:
        return "\n".join(_lines(path)[-1:])


def _lines(path: str) -> tuple[str, ...]:
    if not path:
        return ()
    return tuple(line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip())


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings, or raise SettingsError with every fault in one message."""
    names = {f.name: f for f in fields(Settings)}
    given = {k.removeprefix("LAB_").lower(): v for k, v in environment.items() if k.startswith("LAB_")}
    ignored = {
        name for name in given if name.startswith(("test_", "bench_")) or name in {"schemas", "schemas_required"}
    }
    values: dict[str, Any] = {}
    faults: list[str] = []
    for name, text in given.items():
        if name in ignored:
            continue
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            hint = f" Did you mean LAB_{close[0].upper()}?" if close else ""
            faults.append(f"LAB_{name.upper()} is not a setting.{hint}")
            continue
        try:
            values[name] = _parse(text, type(names[name].default))
        except ValueError as fault:
            faults.append(f"LAB_{name.upper()}: {fault}")
    if faults:
        raise SettingsError("\n".join(faults))
    settings = Settings(**values)
    faults = _faults(settings)
    if faults:
        raise SettingsError("\n".join(faults))
    return settings


def _parse(text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() in {"1", "true", "yes", "on"}:
            return True
        if text.lower() in {"", "0", "false", "no", "off"}:
            return False
        raise ValueError(f"{json.dumps(text)} is neither on nor off.")
    if issubclass(kind, Path):
        return Path(text)
    return float(text) if kind is float else int(text) if kind is int else text


def _faults(settings: Settings) -> list[str]:
    found = []
    if settings.mode not in MODES:
        found.append(f"LAB_MODE must be one of {', '.join(MODES)}.")
    for name in (
        "secret_key_file",
        "secret_key_fallbacks_file",
        "vapid_key_file",
        "cases_secret_file",
        "cases_ca_file",
        "oidc_citizen_secret_file",
        "oidc_citizen_key_file",
        "oidc_staff_secret_file",
        "oidc_staff_key_file",
    ):
        path = getattr(settings, name)
        if path and not Path(path).is_file():
            found.append(f"LAB_{name.upper()} names {path}, and there is no such file.")
    if settings.cases_timeout <= 0 or settings.cases_processing <= 0 or settings.cases_margin <= 0:
        found.append("LAB_CASES_TIMEOUT, _PROCESSING and _MARGIN must be above 0: the lease is their sum.")
    if settings.backup_folder and not Path(settings.backup_folder).is_dir():
        found.append(f"LAB_BACKUP_FOLDER names {settings.backup_folder}, and there is no such folder.")
    found += [
        f"LAB_{name.upper()} must be at least 1 day."
        for name in (field.name for field in fields(settings))
        if name.startswith("keep_") and getattr(settings, name) < 1
    ]
    if not re.fullmatch(r"(\+?[0-9][0-9 ]{2,18})?", settings.contact_phone):
        found.append("LAB_CONTACT_PHONE must be a telephone number: digits and blanks.")
    found += [
        f"LAB_{name.upper()} must be at least 1."
        for name in ("report_days", "report_inputs", "report_pictures")
        if getattr(settings, name) < 1
    ]
    if settings.photo_isolation not in {"auto", "off"}:
        found.append("LAB_PHOTO_ISOLATION must be auto or off.")
    found += _passkey_faults(settings)
    for who in ("citizen", "staff"):
        found += _provider_faults(settings, who)
    if settings.production and not found:
        found += _production_faults(settings)
    return found


def _passkey_faults(settings: Settings) -> list[str]:
    if settings.staff_passkey_rule not in PASSKEY_RULES:
        return [f"LAB_STAFF_PASSKEY must be one of {', '.join(PASSKEY_RULES)}."]
    if settings.staff_passkey_rule == "required" and not settings.passkey_origin:
        return ["LAB_STAFF_PASSKEY=required needs a LAB_PUBLIC_URL with a name: a passkey belongs to one."]
    return []


def _provider_faults(settings: Settings, who: str) -> list[str]:
    """Return what is wrong with an identity provider; one without issuer is not set up, and has no faults."""
    name = f"LAB_OIDC_{who.upper()}"
    given = {part: getattr(settings, f"oidc_{who}_{part}") for part in ("issuer", "client_id", "acr", "secret_file")}
    if not given["issuer"]:
        return [f"{name}_CLIENT_ID is given, and {name}_ISSUER is not."] if given["client_id"] else []
    issuer = urlsplit(given["issuer"])
    checks = {
        f"{name}_ISSUER must begin with https://.": issuer.scheme != "https"
        and (settings.production or issuer.hostname not in {"127.0.0.1", "localhost"}),
        f"{name}_CLIENT_ID is missing.": not given["client_id"],
        f"{name}_SECRET_FILE or {name}_KEY_FILE must name a file: by it the provider knows us.": not (
            given["secret_file"] or getattr(settings, f"oidc_{who}_key_file")
        ),
        f"{name}_ACR must say which level is high enough, e.g. idporten-loa-substantial.": who == "citizen"
        and not given["acr"],
    }
    return [sentence for sentence, broken in checks.items() if broken]


def _production_faults(settings: Settings) -> list[str]:
    checks = {
        "LAB_SECRET_KEY_FILE must name a key of your own.": not settings.secret_key_file
        or any(key.startswith(DEV_MARK) for key in settings.secret_keys()),
        "LAB_DATABASE_URL must name PostgreSQL.": not settings.database_url.startswith("postgresql"),
        "LAB_REDIS_URL must name Redis.": not settings.redis_url,
        "LAB_PUBLIC_URL must begin with https://.": not settings.secure_cookies,
        "LAB_VAPID_KEY_FILE must name a key of your own.": not settings.vapid_key_file
        or DEV_MARK in Path(settings.vapid_key_file).read_text(encoding="utf-8").split("-----")[0],
        "LAB_CASES_READ_URL and _WRITE_URL must begin with https:// and name the real archive.": not all(
            url.startswith("https://") for url in (settings.cases_read_url, settings.cases_write_url)
        ),
        "LAB_PUSH_HOSTS is for demos and tests.": bool(settings.push_hosts),
        "LAB_CRASH_AT is for tests.": bool(settings.crash_at),
        "LAB_LAN is for demos.": settings.lan,
    }
    return [sentence for sentence, broken in checks.items() if broken]
