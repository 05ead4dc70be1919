"""The measure: a broadcast server in Twisted as one writes it on the first day. It stores nothing and answers nothing.

Rule: it stays naive. `JOIN name group...`, `GROUP group text` (everybody in it hears it, the sender too: that is the
answer) and `@name text`, a line each.
"""

from __future__ import annotations

import sys

from twisted.internet import reactor as _reactor
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver

people: dict[bytes, Bare] = {}
groups: dict[bytes, list[Bare]] = {}


class Bare(LineReceiver):
    """One connection."""

    delimiter = b"\n"
    name = b""

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)  # type: ignore[union-attr]

    def lineReceived(self, line: bytes) -> None:
        verb, _, rest = line.partition(b" ")
        if verb == b"JOIN":
            self.name, *joined = rest.split()
            people[self.name] = self
            for group in joined:
                groups.setdefault(group, []).append(self)
            self.transport.write(b"OK\n")  # type: ignore[union-attr]
        elif verb == b"GROUP":
            group, _, text = rest.partition(b" ")
            said = b"%s %s %s\n" % (group, self.name, text)
            for member in groups[group]:
                member.transport.write(said)  # type: ignore[union-attr]
        else:
            people[verb[1:]].transport.write(b"%s %s\n" % (self.name, rest))  # type: ignore[union-attr]


def main(endpoints: list[str]) -> None:
    """Listen on each endpoint and say its port."""
    for endpoint in endpoints:
        listening = serverFromString(_reactor, endpoint).listen(Factory.forProtocol(Bare))
        listening.addCallback(lambda port: print(port.getHost().port, flush=True))
    _reactor.run()


if __name__ == "__main__":
    main(sys.argv[1:])
