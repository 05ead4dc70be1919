"""`doctor`: one table of what a connection is made of, filled in as far as it comes.

Rule: it reports and changes nothing; what fails is a row too, and the exit status is the first failure's.
"""

from __future__ import annotations

import time

from clients.core import answers as a
from clients.core import intents as i
from clients.core import notices as n
from clients.core.inert import line as inert_line
from clients.core.trust import grouped
from clients.line import objects
from clients.line.oneshot import Context, Errand

SKEW_SECONDS = 5.0


class Doctor(Errand):
    """Connects, logs in, measures, and prints the table whatever came of it."""

    def __init__(self, context: Context, server: str, profile: str, keys: str, user: str) -> None:
        """`keys`: what opens the profile, in words."""
        super().__init__(context)
        self._rows: list[tuple[str, str, str]] = [
            ("profile", profile, "ok"), ("its keys", keys, "ok"), ("address", server, "ok"),
        ]  # fmt: skip
        self._user = user
        self._began = context.clock.seconds()

    def notice(self, notice: n.Notice) -> None:
        """Note the connection before anything else; print the table at the end."""
        if isinstance(notice, n.Connected):
            self._connected(notice.security)
        super().notice(notice)

    def over(self) -> None:
        """Whatever came of it."""
        self._print()

    def ready(self, notice: n.Welcomed) -> None:
        """In: measure."""
        kind = "guest" if notice.guest else "account"
        self._row("login", f"{notice.name} ({kind})")
        self.act(i.Measure())

    def told(self, notice: n.Notice) -> None:
        """The server's sign of life."""
        if not isinstance(notice, n.Answered) or not isinstance(notice.event, a.Pong):
            return
        self._row("round trip", f"{notice.took * 1000:.1f} ms")
        skew = time.time() + notice.took / 2 - notice.event.at / 1000 - notice.took
        self._row(
            "time skew", f"{round(skew, 1) + 0.0:+.1f} s", "ok" if abs(skew) < SKEW_SECONDS else "check your clock"
        )
        self.finish(0)

    def fail(self, status: int, code: str, text: str, row: str = "") -> None:
        """What fails is the last row."""
        name = {3: "connection", 8: "certificate"}.get(status, "login" if not self._in else "round trip")
        self._row(name, text.splitlines()[0] if text else code, "failed")
        super().fail(status, code, text, row)

    def _connected(self, security: n.Security) -> None:
        took = (self.context.clock.seconds() - self._began) * 1000
        self._row("connection", f"{took:.0f} ms")
        if security.how == "none":
            self._row("TLS", "none (--plaintext)", "not protected")
            return
        self._row("TLS", security.version)
        how = {"system": "trusted by this system"}.get(security.how, "pinned here")
        self._row("certificate", f"SHA-256 {grouped(security.fingerprint)}")
        self._row("trust", how)
        left = _days(security.expires)
        self._row("expires", f"{security.expires} ({left} days)", "ok" if left > 14 else "soon")

    def _row(self, name: str, value: str, state: str = "ok") -> None:
        self._rows.append((name, value, state))

    def _print(self) -> None:
        width = max(len(name) for name, _, _ in self._rows) + 2
        for name, value, state in self._rows:
            if self.context.json:
                self.data(objects.line("check", name=name, value=value, state=state))
            else:
                self.data(f"{name:<{width}}{inert_line(value)}" + ("" if state == "ok" else f"  [{state}]"))


def _days(date: str) -> int:
    """Days from now until a date."""
    try:
        return int((time.mktime(time.strptime(date, "%Y-%m-%d")) - time.time()) // 86400)
    except ValueError:
        return 0
