"""Which internet addresses a source may lead to. Pure: names are looked up by `wire`.

A member writes its own web address and its own DNS. Without this, "fetch my release" could mean "ask the
router, the printer or the cloud's metadata service of whoever merges". The tables are ours: what Python's
`is_global` says differs between its versions (3.11 calls 64:ff9b:1::1, fec0::1 and multicast global).

An IPv6 address that stands for an IPv4 address (mapped, NAT64) is judged by that one. Those that a relay
chosen by the sender would unwrap (6to4, Teredo, the local NAT64 range) are refused.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_OWN_V4 = [
    IPv4Network(text)
    for text in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
]
_SPECIAL_V4 = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "169.254.0.0/16",  # link-local: the metadata services of clouds live here
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]
_OWN_V6 = [IPv6Network("::1/128"), IPv6Network("fc00::/7")]
_GLOBAL_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = [
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocols: Teredo, benchmarks, ORCHID
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
]
_NAT64 = IPv6Network("64:ff9b::/96")


def may_connect(text: str, *, private: bool) -> bool:
    """Whether a source may be asked at this numeric address.

    Args:
        private: the maintainer allows this member hosts of their own network and computer. Link-local,
            multicast and reserved addresses stay refused.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None:
            return _may_v6(address, private)
        address = inner
    if any(address in network for network in _OWN_V4):
        return private
    return not any(address in network for network in _SPECIAL_V4)


def _may_v6(address: IPv6Address, private: bool) -> bool:
    if any(address in network for network in _OWN_V6):
        return private
    return address in _GLOBAL_V6 and not any(address in network for network in _SPECIAL_V6)
