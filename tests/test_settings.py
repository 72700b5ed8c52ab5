"""Settings: all faults in one message, and a production that cannot start unsafe."""

import pytest

from app.factory import create_app, providers
from app.files import cleaning
from app.settings import Settings, SettingsError, read_settings


def test_nothing_at_all_is_enough_to_start():
    settings = read_settings({})

    assert settings.mode == "demo"
    assert settings.database.startswith("sqlite:///")
    assert settings.lease_seconds == 180


def test_every_fault_is_said_at_once_with_the_name_that_was_meant():
    with pytest.raises(SettingsError) as told:
        read_settings({"LAB_DATABSE_URL": "x", "LAB_STATUS_EVERY": "often", "LAB_LAN": "maybe"})

    said = str(told.value)
    assert "LAB_DATABSE_URL is not a setting. Did you mean LAB_DATABASE_URL?" in said
    assert "LAB_STATUS_EVERY" in said
    assert "LAB_LAN" in said


def test_an_identity_provider_is_set_up_whole_or_not_at_all():
    with pytest.raises(SettingsError) as told:
        read_settings({"LAB_OIDC_CITIZEN_ISSUER": "http://idporten.no", "LAB_OIDC_STAFF_CLIENT_ID": "x"})

    said = str(told.value)
    for name in (
        "CITIZEN_ISSUER must begin",
        "CITIZEN_CLIENT_ID",
        "CITIZEN_SECRET_FILE",
        "CITIZEN_ACR",
        "STAFF_ISSUER",
    ):
        assert f"LAB_OIDC_{name}" in said, name


def test_an_identity_provider_with_all_it_needs_starts(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("between us")
    given = {"ISSUER": "https://idporten.no", "CLIENT_ID": "x", "ACR": "idporten-loa-substantial, idporten-loa-high"}
    names = {f"LAB_OIDC_CITIZEN_{name}": value for name, value in given.items()}

    settings = read_settings({**names, "LAB_OIDC_CITIZEN_SECRET_FILE": str(secret)})

    provider = providers(settings)["innbygger"].settings
    assert provider.levels == ("idporten-loa-substantial", "idporten-loa-high")
    assert "between us" not in repr(provider)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://lab.example", "https://lab.example"),
        ("http://127.0.0.1:8000", "http://localhost:8000"),
        ("http://[::1]", "http://localhost"),
        ("http://10.0.0.5:8000", ""),
    ],
)
def test_passkeys_belong_to_a_name_and_this_machine_has_one(address, origin):
    assert read_settings({"LAB_PUBLIC_URL": address}).passkey_origin == origin


def test_passkeys_that_can_never_work_are_not_required():
    with pytest.raises(SettingsError, match="a passkey belongs to one"):
        read_settings({"LAB_STAFF_PASSKEY": "required", "LAB_PUBLIC_URL": "http://10.0.0.5:8000"})
    with pytest.raises(SettingsError, match="off, when_registered, required"):
        read_settings({"LAB_STAFF_PASSKEY": "maybe"})


def test_a_demo_asks_those_who_have_a_passkey_and_production_asks_all():
    assert Settings().staff_passkey_rule == "when_registered"
    assert Settings(mode="production").staff_passkey_rule == "required"
    assert Settings(mode="production", staff_passkey="off").staff_passkey_rule == "off"


def test_production_names_everything_that_is_unsafe():
    with pytest.raises(SettingsError) as told:
        read_settings({"LAB_MODE": "production", "LAB_PUSH_HOSTS": "localhost:1", "LAB_CRASH_AT": "send.after_lease"})

    said = str(told.value)
    for name in (
        "SECRET_KEY",
        "DATABASE_URL",
        "REDIS_URL",
        "PUBLIC_URL",
        "VAPID",
        "CASES_READ_URL",
        "PUSH_HOSTS",
        "CRASH",
    ):
        assert name in said, name


def test_production_starts_with_keys_of_its_own(tmp_path):
    secret, vapid = tmp_path / "secret", tmp_path / "vapid"
    secret.write_text("a-long-random-key-of-our-own\n")
    vapid.write_text("-----BEGIN PRIVATE KEY-----\n")

    settings = read_settings(
        {
            "LAB_MODE": "production",
            "LAB_SECRET_KEY_FILE": str(secret),
            "LAB_VAPID_KEY_FILE": str(vapid),
            "LAB_DATABASE_URL": "postgresql+psycopg://lab@/lab",
            "LAB_REDIS_URL": "unix:///run/redis/redis.sock",
            "LAB_PUBLIC_URL": "https://innbyggerlab.example",
            "LAB_CASES_READ_URL": "https://arkiv.example/inn",
            "LAB_CASES_WRITE_URL": "https://arkiv.example/ut",
        }
    )

    assert settings.secure_cookies


def test_a_key_made_by_the_demo_is_refused_in_production(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("DEV-0123456789\n")

    with pytest.raises(SettingsError, match="LAB_SECRET_KEY_FILE"):
        read_settings({"LAB_MODE": "production", "LAB_SECRET_KEY_FILE": str(secret)})


def test_a_lease_cannot_be_shorter_than_what_the_archive_may_take():
    with pytest.raises(SettingsError, match="lease"):
        read_settings({"LAB_CASES_PROCESSING": "0"})


def test_production_refuses_to_draw_photos_where_a_hostile_one_could_call_home(tmp_path, nothing_to_fence_with):
    with pytest.raises(SystemExit, match="LAB_PHOTO_ISOLATION=off"):
        create_app(in_production(tmp_path))


def test_production_starts_without_the_fence_when_somebody_has_said_so(tmp_path, nothing_to_fence_with):
    create_app(in_production(tmp_path, photo_isolation="off"))


def test_a_demo_starts_without_the_fence_and_flask_check_says_so(app, session, nothing_to_fence_with):
    said = app.test_cli_runner().invoke(args=["check"])

    assert "OBS   Bilder tegnes på nytt uten sperre mot nettet" in said.output
    assert said.exit_code == 0, said.output


def test_where_there_is_a_fence_flask_check_says_nothing_about_it(app, session):
    if not cleaning.can_isolate():
        pytest.skip("this machine does not let us start a process without network")

    assert "OBS" not in app.test_cli_runner().invoke(args=["check"]).output


def test_only_auto_and_off_are_ways_to_fence_photos():
    with pytest.raises(SettingsError, match="LAB_PHOTO_ISOLATION must be auto or off"):
        read_settings({"LAB_PHOTO_ISOLATION": "of"})


def in_production(folder, **changed) -> Settings:
    """Settings as production's, on a database that needs no server."""
    secret = folder / "secret"
    secret.write_text("a-long-random-key-of-our-own\n")
    given = {"instance": folder, "secret_key_file": str(secret), "public_url": "https://lab.example", **changed}
    return Settings(mode="production", rate_limits=False, **given)


@pytest.fixture
def nothing_to_fence_with(monkeypatch, tmp_path):
    """A machine without unshare."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    cleaning.can_isolate.cache_clear()
    yield
    cleaning.can_isolate.cache_clear()
