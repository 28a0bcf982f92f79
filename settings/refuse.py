"""Why production would not start: each line names the variable and the remedy."""

import re
from typing import Any

from django.core.exceptions import ImproperlyConfigured

LOCAL_CHAINS = {"eip155:31337", "eip155:1337"}
# The first accounts of the well-known development mnemonic; anyone can spend what they hold.
KNOWN_KEYS = {
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
}
SMTP = "smtp.EmailBackend"
UNDELIVERED = {f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy", "filebased", "locmem")}


def complaints(settings: dict[str, Any]) -> list[str]:
    """What is unsafe in `settings`, a sentence each; empty when production may start."""
    secret, hosts, databases = settings["SECRET_KEY"], settings["ALLOWED_HOSTS"], settings["DATABASES"]
    app, owner = databases["default"].get("USER"), databases.get("owner", {}).get("USER")
    keys = {"0x" + key.removeprefix("0x") for key in re.split(r"[,\s]+", settings["RELAYER_KEY"].lower()) if key}
    metering = {"0x" + key.removeprefix("0x") for key in re.split(r"[,\s]+", settings["METERING_KEY"].lower()) if key}
    signs = keys or settings["RELAYER_KEYSTORE"] or settings["RELAYER_SIGNER"]
    rules = {
        "SECRET_KEY must be at least 40 random characters.": len(secret) >= 40 and "development" not in secret,
        "DEBUG must be off.": not settings["DEBUG"],
        "ALLOWED_HOSTS must name the hosts of this market.": hosts and "*" not in hosts,
        "CHAIN_ID names a local development chain.": settings["CHAIN_ID"] not in LOCAL_CHAINS,
        "RELAYER_KEY must be a private key that nobody else knows, or name RELAYER_KEYSTORE or RELAYER_SIGNER.": signs
        and not keys & KNOWN_KEYS,
        "RELAYER_KEYSTORE needs RELAYER_KEYSTORE_PASSWORD or RELAYER_KEYSTORE_PASSWORD_FILE.": not settings[
            "RELAYER_KEYSTORE"
        ]
        or settings["RELAYER_KEYSTORE_PASSWORD"],
        "METERING_KEY must be a private key that nobody else knows, and none that sends transactions.": metering
        and not metering & (KNOWN_KEYS | keys),
        "BASE_URL must start with https://.": settings["BASE_URL"].startswith("https://"),
        "SEALING_KEY must be 32 random bytes in base64.": settings["SEALING_KEY"],
        "DATABASE_URL must not use the owner's role.": app != owner,
        "DATABASE_URL must use a role that row-level security binds.": app
        not in {"postgres", settings["DATABASE_SYS_ROLE"]},
        "EMAIL_BACKEND must deliver: this one only writes mails down.": not UNDELIVERED & {settings["EMAIL_BACKEND"]},
        "EMAIL_HOST must name a mail server.": settings["EMAIL_HOST"] or not settings["EMAIL_BACKEND"].endswith(SMTP),
        "DEFAULT_FROM_EMAIL must be an address that people can answer to.": "@localhost"
        not in settings["DEFAULT_FROM_EMAIL"],
        "DEMO_TOOLS_URL is for development only.": not settings["DEMO_TOOLS_URL"],
    }
    return [sentence for sentence, holds in rules.items() if not holds]


def refuse_unsafe(settings: dict[str, Any]) -> None:
    """Raise ImproperlyConfigured with every complaint about `settings`."""
    if found := complaints(settings):
        raise ImproperlyConfigured("Production refuses to start. " + " ".join(found))
