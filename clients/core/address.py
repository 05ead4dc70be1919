"""Where a server is: `host:port` as people write it.

Rule: pure, and known before there is a network.
"""

from __future__ import annotations

import ipaddress


class Address:
    """`host:port`, IPv6 in brackets. Raises ValueError where it is neither."""

    def __init__(self, text: str, default_port: int) -> None:
        host, port = text, ""
        if text.startswith("["):
            host, _, rest = text[1:].partition("]")
            port = rest.removeprefix(":")
        elif text.count(":") == 1:
            host, _, port = text.partition(":")
        self.host = host
        if not host or (port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536)):
            raise ValueError(f"{text!r} is not HOST[:PORT].")
        self.port = int(port or default_port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether it is this machine, by its name."""
        address = ip(self.host)
        return address.is_loopback if address else self.host.lower() == "localhost"


def ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that this host is; None: it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
