"""Where a member's address may lead, and where never."""

from __future__ import annotations

import pytest

from commons.federation.sources.hosts import may_connect

PUBLIC = ("93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14", "1.1.1.1")
OWN = ("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "::1", "fd00::1")
NEVER = (
    "169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.0.1", "203.0.113.9",
    "::", "::7f00:1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "2001:db8::1", "5f00::1",
    "2002:7f00:1::", "2002:5db8:d70e::", "2001:0:4136:e378::", "2001:20::1", "64:ff9b:1::1", "3fff::1",
    "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "localhost", "", "1.2.3", "0x7f.1",
)  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_asked(address: str) -> None:
    """Also the IPv6 forms of a public IPv4 address."""
    assert may_connect(address, private=False) and may_connect(address, private=True)


@pytest.mark.parametrize("address", [*OWN, "::ffff:127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::7f00:1"])
def test_ones_own_network_is_asked_only_where_it_is_allowed(address: str) -> None:
    """In whatever form it is written."""
    assert not may_connect(address, private=False)
    assert may_connect(address, private=True)


@pytest.mark.parametrize("address", NEVER)
def test_special_addresses_are_never_asked(address: str) -> None:
    """Link-local, multicast, reserved, translated by whoever sends, or no number at all."""
    assert not may_connect(address, private=False) and not may_connect(address, private=True)
