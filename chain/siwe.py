"""Sign-in with Ethereum messages (EIP-4361): built in one form, and parsed in no other."""

import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime

from eth_utils.address import is_checksum_address

ASKS = " wants you to sign in with your Ethereum account:"
DOMAIN = re.compile(r"(?:[\w.~!$&'()*+,;=:%-]*@)?(?P<host>\[[^\]]*\]|[A-Za-z0-9.-]+)(?::\d{1,5})?", re.ASCII)
URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:"
    r"(?://(?:(?:[\w.~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?"
    r"(?:(?P<six>\[[^\]]*\])|(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::\d*)?(?=[/?#]|$))?"
    r"(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*"
    r"(?:\?(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:#(?:[\w.~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?",
    re.ASCII,
)
STATEMENT = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=._~ -]+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
REQUEST_ID = re.compile(r"(?:[\w.~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*", re.ASCII)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")


class Malformed(ValueError):
    """The text is not an EIP-4361 message; says which part is not."""


@dataclass(frozen=True)
class SiweMessage:
    """What a wallet is asked to sign. Times are RFC 3339 texts, kept as signed."""

    domain: str
    address: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: str
    statement: str | None = None
    expiration_time: str | None = None
    not_before: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] | None = None
    scheme: str | None = None

    def __post_init__(self) -> None:
        checks = {
            "domain": _is_domain(self.domain),
            "address": is_checksum_address(self.address),
            "statement": self.statement is None or STATEMENT.fullmatch(self.statement),
            "URI": is_uri(self.uri),
            "chain id": self.chain_id > 0,
            "nonce": re.fullmatch(r"[A-Za-z0-9]{8,}", self.nonce),
            "request id": self.request_id is None or REQUEST_ID.fullmatch(self.request_id),
            "scheme": self.scheme is None or SCHEME.fullmatch(self.scheme),
            "resource": all(is_uri(resource) for resource in self.resources or ()),
        }
        for name, holds in checks.items():
            if not holds:
                raise Malformed(f"The sign-in message has no valid {name}.")
        for text in (self.issued_at, self.expiration_time, self.not_before):
            if text is not None:
                moment(text)

    def __str__(self) -> str:
        """The text to sign."""
        asked = f"{self.scheme}://{self.domain}" if self.scheme else self.domain
        lines = [asked + ASKS, self.address, "", *([self.statement] if self.statement else []), ""]
        lines += [f"URI: {self.uri}", "Version: 1", f"Chain ID: {self.chain_id}", f"Nonce: {self.nonce}"]
        lines.append(f"Issued At: {self.issued_at}")
        for label, value in (
            ("Expiration Time", self.expiration_time),
            ("Not Before", self.not_before),
            ("Request ID", self.request_id),
        ):
            lines += [f"{label}: {value}"] if value is not None else []
        if self.resources is not None:
            lines += ["Resources:", *(f"- {resource}" for resource in self.resources)]
        return "\n".join(lines)

    def in_force(self, now: datetime) -> bool:
        """Whether `now` (aware) lies between `not_before` and `expiration_time`."""
        if self.expiration_time is not None and now >= moment(self.expiration_time):
            return False
        return self.not_before is None or now >= moment(self.not_before)


def _is_domain(text: str) -> bool:
    match = DOMAIN.fullmatch(text)
    return match is not None and (not match["host"].startswith("[") or _is_ipv6(match["host"]))


def _is_ipv6(bracketed: str) -> bool:
    try:
        ipaddress.IPv6Address(bracketed[1:-1])
    except ValueError:
        return False
    return "%" not in bracketed


def is_uri(text: str) -> bool:
    """RFC 3986, with a scheme."""
    match = URI.fullmatch(text)
    return match is not None and (match["six"] is None or _is_ipv6(match["six"]))


def moment(text: str) -> datetime:
    """An RFC 3339 time; raises Malformed."""
    try:
        if TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise Malformed("The sign-in message has no valid time.")


class _Lines:
    """The message's lines, taken in their one order."""

    def __init__(self, text: str) -> None:
        self.rest = text.split("\n")

    def take(self) -> str:
        if not self.rest:
            raise Malformed("The sign-in message ends too early.")
        return self.rest.pop(0)

    def optional(self, label: str) -> str | None:
        if self.rest and self.rest[0].startswith(f"{label}: "):
            return self.take()[len(label) + 2 :]
        return None

    def labelled(self, label: str) -> str:
        value = self.optional(label)
        if value is None:
            raise Malformed(f"The sign-in message lacks its line {label!r}, or has it elsewhere.")
        return value

    def blank(self) -> None:
        if self.take():
            raise Malformed("The sign-in message lacks an empty line.")


def parse(text: str) -> SiweMessage:
    """The message in `text`; raises Malformed for anything that EIP-4361's grammar does not allow."""
    lines = _Lines(text)
    first = lines.take()
    if not first.endswith(ASKS):
        raise Malformed("This is not a sign-in message.")
    scheme, separator, domain = first.removesuffix(ASKS).rpartition("://")
    address = lines.take()
    lines.blank()
    statement = lines.take() or None
    if statement is not None:
        lines.blank()
    uri = lines.labelled("URI")
    if lines.labelled("Version") != "1":
        raise Malformed("The sign-in message has another version than 1.")
    chain_id = lines.labelled("Chain ID")
    if not re.fullmatch(r"[0-9]{1,32}", chain_id):
        raise Malformed("The sign-in message has no valid chain id.")
    message = SiweMessage(
        scheme=scheme if separator else None,
        domain=domain,
        address=address,
        statement=statement,
        uri=uri,
        chain_id=int(chain_id),
        nonce=lines.labelled("Nonce"),
        issued_at=lines.labelled("Issued At"),
        expiration_time=lines.optional("Expiration Time"),
        not_before=lines.optional("Not Before"),
        request_id=lines.optional("Request ID"),
        resources=_resources(lines),
    )
    if lines.rest or str(message) != text:
        raise Malformed("The sign-in message has more, or its parts in another order, than EIP-4361 allows.")
    return message


def _resources(lines: _Lines) -> tuple[str, ...] | None:
    if not lines.rest or lines.rest[0] != "Resources:":
        return None
    lines.take()
    found = []
    while lines.rest and lines.rest[0].startswith("- "):
        found.append(lines.take()[2:])
    return tuple(found)
