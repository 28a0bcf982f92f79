"""Production starts on a safe configuration, and on nothing else."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from settings.env import database, envbool, envint, envlist, envsecret, envstr
from settings.refuse import complaints, refuse_unsafe

SAFE: dict[str, Any] = {
    "SECRET_KEY": "k" * 50,
    "DEBUG": False,
    "ALLOWED_HOSTS": ["market.example"],
    "CHAIN_ID": "eip155:8453",
    "RELAYER_KEY": "0x" + "42" * 32,
    "METERING_KEY": "0x" + "43" * 32,
    "RELAYER_KEYSTORE": "",
    "RELAYER_KEYSTORE_PASSWORD": "",
    "RELAYER_SIGNER": "",
    "BASE_URL": "https://market.example",
    "SEALING_KEY": "c2VhbGluZw==",
    "DATABASES": {"default": {"USER": "guildhall_app"}, "owner": {"USER": "guildhall_owner"}},
    "DATABASE_SYS_ROLE": "guildhall_sys",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.market.example",
    "DEFAULT_FROM_EMAIL": "Guildhall <hello@market.example>",
    "DEMO_TOOLS_URL": "",
}
UNSAFE = [
    ("SECRET_KEY", "short"),
    ("SECRET_KEY", "development-only-secret-that-is-long-enough-to-pass"),
    ("DEBUG", True),
    ("ALLOWED_HOSTS", []),
    ("ALLOWED_HOSTS", ["*"]),
    ("CHAIN_ID", "eip155:31337"),
    ("RELAYER_KEY", ""),
    ("RELAYER_KEY", "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
    ("RELAYER_KEY", f"0x{'42' * 32}, AC0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
    ("METERING_KEY", ""),
    ("METERING_KEY", "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"),
    ("METERING_KEY", "0x" + "42" * 32),
    ("RELAYER_KEYSTORE", "/run/secrets/relayer.json"),
    ("BASE_URL", "http://market.example"),
    ("SEALING_KEY", ""),
    ("DATABASES", {"default": {"USER": "guildhall_owner"}, "owner": {"USER": "guildhall_owner"}}),
    ("DATABASES", {"default": {"USER": "guildhall_sys"}}),
    ("DATABASES", {"default": {"USER": "postgres"}}),
    ("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend"),
    ("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend"),
    ("EMAIL_HOST", ""),
    ("DEFAULT_FROM_EMAIL", "Guildhall <guildhall@localhost>"),
    ("DEMO_TOOLS_URL", "http://127.0.0.1:9000"),
]


def test_a_safe_configuration_starts() -> None:
    refuse_unsafe(SAFE)


def test_a_keystore_or_a_signer_elsewhere_takes_the_place_of_a_key() -> None:
    no_key = {**SAFE, "RELAYER_KEY": ""}
    refuse_unsafe({**no_key, "RELAYER_KEYSTORE": "/run/relayer.json", "RELAYER_KEYSTORE_PASSWORD": "s3cret"})
    refuse_unsafe({**no_key, "RELAYER_SIGNER": "company.signing.Vault"})


@pytest.mark.parametrize(("name", "value"), UNSAFE)
def test_an_unsafe_configuration_does_not_start_and_says_why(name: str, value: Any) -> None:
    found = complaints({**SAFE, name: value})
    assert len(found) == 1
    with pytest.raises(ImproperlyConfigured, match="Production refuses to start"):
        refuse_unsafe({**SAFE, name: value})


def test_each_kind_of_variable_names_itself_in_its_complaint(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("N", "x")
    for read in (envbool, lambda name: envint(name, 1)):
        with pytest.raises(ImproperlyConfigured, match="N must be"):
            read("N")
    with pytest.raises(ImproperlyConfigured, match="Set MISSING"):
        envstr("MISSING")
    monkeypatch.setenv("LIST", "a, b,,")
    assert envlist("LIST") == ["a", "b"]
    (tmp_path / "secret").write_text("s3cret\n")
    monkeypatch.setenv("KEY_FILE", str(tmp_path / "secret"))
    assert envsecret("KEY") == "s3cret"


def test_postgresql_is_the_only_database() -> None:
    assert database("postgresql://u:p%40@h:5/d?sslmode=require") == {
        "ENGINE": "settings.database",
        "NAME": "d",
        "USER": "u",
        "PASSWORD": "p@",
        "HOST": "h",
        "PORT": "5",
        "OPTIONS": {"sslmode": "require"},
    }
    with pytest.raises(ImproperlyConfigured, match="only database"):
        database("sqlite:///db.sqlite3")
