"""No outgoing request reaches an address that points inwards, however it is spelled."""

import socket

import pytest

from marketplace.gateway.addresses import PointsInwards, is_public, vetted

INWARDS = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "100.64.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1",
    "2002:7f00:1::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "3fff::1", "5f00::1",
]  # fmt: skip
OUTWARDS = ["93.184.216.34", "1.1.1.1", "100.128.0.1", "172.32.0.1", "2606:4700:4700::1111", "2a00:1450::1"]


@pytest.mark.parametrize("address", INWARDS)
def test_an_address_inside_is_refused(address: str) -> None:
    with pytest.raises(PointsInwards):
        vetted("provider.example", [address])


@pytest.mark.parametrize("address", OUTWARDS)
def test_an_address_outside_may_be_called(address: str) -> None:
    assert vetted("provider.example", [address]) == address


def test_one_inward_answer_among_outward_ones_is_enough_to_refuse() -> None:
    with pytest.raises(PointsInwards):
        vetted("provider.example", ["93.184.216.34", "10.0.0.1"])


def test_a_name_without_an_address_is_not_called() -> None:
    with pytest.raises(socket.gaierror):
        vetted("provider.example", [])


def test_pythons_own_list_would_let_some_through() -> None:
    """The control: `is_global` alone says yes to addresses that ours refuses."""
    import ipaddress

    fooled = [a for a in INWARDS if "%" not in a and ipaddress.ip_address(a).is_global]
    assert fooled
    assert not any(is_public(ipaddress.ip_address(a)) for a in fooled)
