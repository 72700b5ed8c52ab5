"""Settings: all faults in one message, and a production that cannot start unsafe."""

import pytest

from app.settings import SettingsError, read_settings


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
