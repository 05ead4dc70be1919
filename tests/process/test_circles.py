"""Encrypted groups between real clients, over TLS: who is in, who is away, who is put out; and the server's disk."""

from __future__ import annotations

from tests.process.chat import ChatCase

WORD, NAME = "sekrit-lemming", "burrowers"


class CircleTests(ChatCase):
    """Alice runs a group, bob is in it, carol comes later."""

    def test_a_group_by_invitation(self) -> None:
        alice, bob, carol = (self.join(name, "--trust-new", tls=True) for name in ("alice", "bob", "carol"))
        alice.wait("carol joined the conversation")
        alice.enter(f"/group --private {NAME}")
        alice.wait(f"Group '{NAME}' created successfully.")
        alice.enter(f"/invite {NAME} bob")
        bob.wait(f"alice has taken you into the encrypted group '{NAME}'.")
        alice.enter(f"/group {NAME} {WORD} one")
        bob.wait(f"[{NAME}] alice: {WORD} one")
        bob.enter(f"/group {NAME} {WORD} two")
        alice.wait(f"[{NAME}] bob: {WORD} two")
        bob.enter("tata")
        bob.ended()
        alice.enter(f"/invite {NAME} carol")
        carol.wait("has taken you into")
        carol.enter(f"/group {NAME} {WORD} three")
        alice.wait(f"[{NAME}] carol: {WORD} three")
        found = self.chat("bob", "recv", "--trust-new", tls=True)
        self.assertEqual([line.partition(" ")[2] for line in found.lines()], [f"[{NAME}] carol: {WORD} three"])
        alice.enter(f"/kick {NAME} carol")
        carol.wait("You were removed from the group by alice")
        self.assertEqual(self.chat("bob", "send", f"#{NAME}", f"{WORD} four", "--trust-new", tls=True).status, 0)
        alice.wait(f"[{NAME}] bob: {WORD} four")
        carol.enter("anybody there?")
        alice.wait("carol: anybody there?")
        self.assertNotIn(f"{WORD} four", "\n".join(carol.lines()))
        self.server.stop()
        for path in self.server.folder.joinpath("data").rglob("*"):
            for word in (WORD, NAME):
                if path.is_file():
                    self.assertNotIn(word.encode(), path.read_bytes(), str(path))
        self.assertNotIn(WORD, self.server.printed())
