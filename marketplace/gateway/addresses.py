"""Which addresses an outgoing request may reach: public ones, and what the operator names for development."""

import ipaddress
import socket
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Our own list: Python's `is_global` answers True for NAT64, 6to4 and the deprecated site-local block.
DENIED = [
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "::1/128", "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10",
        "ff00::/8",
    )
]  # fmt: skip


class PointsInwards(Exception):
    """The host resolves to an address that no outgoing request may reach."""


def is_public(address: Address) -> bool:
    """Whether `address` lies outside every denied block, also when it is an IPv4 address in IPv6 clothes."""
    return not any(address in block for block in DENIED if block.version == address.version)


def vetted(host: str, answers: Sequence[str]) -> str:
    """The first of a name's addresses, if all of them are public; raises PointsInwards when one is not.

    All must pass, or a name with one public and one private answer would get through on a later try.
    """
    addresses = [ipaddress.ip_address(answer.split("%")[0]) for answer in answers]
    if not addresses:
        raise socket.gaierror(f"{host} has no address.")
    if not all(is_public(address) for address in addresses):
        raise PointsInwards(f"{host} points to an address inside a private network.")
    return answers[0]
