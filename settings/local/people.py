"""The people of the demo, as bin/up shows them. Everything here is public knowledge and worth nothing."""

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass

PASSWORD = "guildhall-demo-1"
PERIOD = 30  # seconds that a code of an authenticator app holds


@dataclass(frozen=True)
class Person:
    """Someone to sign in as, with one of the local chain's well-known accounts."""

    name: str
    role: str
    address: str
    key: str
    authenticator: str = ""

    @property
    def email(self) -> str:
        """What to sign in with."""
        return f"{self.name.lower()}@example.com"


PEOPLE = (
    Person(
        "Ada",
        "buys for a small company",
        "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    ),
    Person(
        "Ben",
        "provides the tools",
        "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
        "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    ),
    Person(
        "Mia",
        "moderates",
        "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
        "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
        authenticator="GUILDHALLDEMOMIA",
    ),
    Person(
        "Tom",
        "holds tokens and votes",
        "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
        "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    ),
)


def code(secret: str, at: float | None = None) -> str:
    """What an authenticator app with this secret shows at a moment (RFC 6238), now by default."""
    counter = int(time.time() if at is None else at) // PERIOD
    mac = hmac.new(base64.b32decode(secret), counter.to_bytes(8), hashlib.sha1).digest()
    start = mac[-1] & 0xF
    return f"{(int.from_bytes(mac[start : start + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


def table() -> str:
    """The people in columns, their wallets below."""
    lines = [f"  {'sign in as':<18} who"]
    lines += [f"  {person.email:<18} {person.name} {person.role}" for person in PEOPLE]
    lines += [
        "",
        f"  password of all: {PASSWORD}",
        *(
            f"  {person.name}'s authenticator app: {person.authenticator} (`bin/manage second_factor` shows its code)"
            for person in PEOPLE
            if person.authenticator
        ),
        "",
        f"  {'wallet':<5} {'address':<42}  private key (local chain only)",
    ]
    lines += [f"  {person.name:<6} {person.address}  {person.key}" for person in PEOPLE]
    return "\n".join(lines)
