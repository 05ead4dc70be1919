"""Encrypted groups between real clients, over TLS: who is in, who is away, who is put out; and the server's disk."""

from __future__ import annotations

from tests.process.chat import ChatCase, Done

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
        self.nothing_is_there()

    def test_a_group_by_its_name(self) -> None:
        alice, bob = (self.join(name, "--trust-new", tls=True) for name in ("alice", "bob"))
        alice.wait("bob joined the conversation")
        alice.enter(f"/group {NAME}")
        alice.wait(f"Group '{NAME}' created successfully.")
        bob.enter(f"/group {NAME}")
        bob.enter(f"/group {NAME} {WORD} one")
        bob.wait(f"Joined group '{NAME}' successfully.")
        alice.wait(f"[{NAME}] bob joined the group")
        alice.wait(f"[{NAME}] bob: {WORD} one")
        alice.enter(f"/group {NAME} {WORD} two")
        bob.wait(f"[{NAME}] alice: {WORD} two")

        self.assertEqual(self.verb("carol", "group", NAME), Done(0, f"Joined group '{NAME}' successfully.\n", ""))
        self.assertEqual(self.verb("carol", "send", f"#{NAME}", f"{WORD} three").status, 0)
        for window in (alice, bob):
            window.wait(f"[{NAME}] carol joined the group")
            window.wait(f"[{NAME}] carol: {WORD} three")
        for window in (alice, bob):
            window.enter("tata")
            window.ended()
        asked = self.verb("dora", "group", NAME, "--json", "--wait", "3")
        self.assertEqual((asked.status, [one["state"] for one in asked.objects()]), (6, ["asked"]))
        self.assertEqual(self.verb("dora", "send", f"#{NAME}", f"{WORD} early").status, 7)
        found = self.verb("carol", "recv", "--wait", "3")  # who is here lets in, whatever it came for
        self.assertNotIn(f"{WORD} early", found.out)
        let_in = self.verb("dora", "group", NAME, "--json")
        self.assertEqual([one["state"] for one in let_in.objects() if one["event"] == "group"], ["joined"])
        self.assertEqual(self.verb("dora", "send", f"#{NAME}", f"{WORD} four").status, 0)
        self.assertIn(f"[{NAME}] dora: {WORD} four", self.verb("alice", "recv", "--wait", "20").out)
        self.nothing_is_there()

    def verb(self, name: str, *words: str) -> Done:
        """One verb over TLS."""
        return self.chat(name, *words, "--trust-new", tls=True)

    def nothing_is_there(self) -> None:
        """Neither what was said nor what the group is called."""
        self.server.stop()
        for path in self.server.folder.joinpath("data").rglob("*"):
            for word in (WORD, NAME):
                if path.is_file():
                    self.assertNotIn(word.encode(), path.read_bytes(), str(path))
        self.assertNotIn(WORD, self.server.printed())
