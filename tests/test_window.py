"""The server's window: the assignment's words, exactly; a stream that is gone or poor in letters is no error."""

from __future__ import annotations

import io

from twisted.trial.unittest import SynchronousTestCase

from chatd import messages as m
from chatd.window import Window
from tests.kit import Scene

TESLA = ("127.0.0.1", 51638)


class WordsTests(SynchronousTestCase):
    """What is printed."""

    def setUp(self) -> None:
        self.stream = io.StringIO()
        self.window = Window(self.stream)

    def test_somebody_comes(self) -> None:
        self.window.arrived("tesla", TESLA)
        self.assertEqual(self.stream.getvalue(), "Client (127.0.0.1, 51638) connected  [ tesla ]\n")

    def test_somebody_leaves(self) -> None:
        self.window.departed("albert", ("127.0.0.1", 51641), lost=False)
        self.assertEqual(self.stream.getvalue(), "Client (127.0.0.1, 51641) is offline  [ albert ]\n")

    def test_somebody_is_cut_off(self) -> None:
        self.window.departed("x", ("::1", 7), lost=True)
        self.assertEqual(self.stream.getvalue(), "Client (::1, 7) is offline (error)  [ x ]\n")

    def test_banner_and_listeners(self) -> None:
        self.window.working({"tls": [("0.0.0.0", 6697)], "plain": [("127.0.0.1", 6667), ("::1", 6667)]}, "AB:CD")
        self.assertEqual(self.stream.getvalue().splitlines(), [
            "\t\t\t\tSERVER WORKING ",
            "Listening on 0.0.0.0 port 6697 (TLS)",
            "Listening on 127.0.0.1 port 6667 (without TLS)",
            "Listening on ::1 port 6667 (without TLS)",
            "Certificate fingerprint: AB:CD",
            "To join from this machine: chat localhost",
        ])  # fmt: skip

    def test_another_port_is_in_the_command(self) -> None:
        self.window.working({"tls": [("0.0.0.0", 7000)]}, "AB:CD")
        self.assertIn("chat localhost:7000\n", self.stream.getvalue())


class StreamTests(SynchronousTestCase):
    """Where it is printed."""

    def test_without_a_stream(self) -> None:
        Window(None).line("x")

    def test_a_stream_that_breaks_is_left_alone(self) -> None:
        tries: list[str] = []

        class Broken(io.StringIO):
            def write(self, text: str) -> int:
                tries.append(text)
                raise BrokenPipeError

        window = Window(Broken())
        window.line("one")
        window.line("two")
        self.assertEqual(tries, ["one\n"])

    def test_a_closed_stream(self) -> None:
        stream = io.StringIO()
        stream.close()
        window = Window(stream)
        window.line("x")
        window.line("y")

    def test_letters_the_stream_does_not_have(self) -> None:
        kept = io.BytesIO()
        window = Window(io.TextIOWrapper(kept, encoding="ascii"))
        window.arrived("Zoë", TESLA)
        window.arrived("tesla", TESLA)
        self.assertEqual(kept.getvalue().decode().splitlines(), [
            "Client (127.0.0.1, 51638) connected  [ Zo\\xeb ]", "Client (127.0.0.1, 51638) connected  [ tesla ]",
        ])  # fmt: skip


class WatchingTests(Scene):
    """As a watcher of a node."""

    def test_a_class_comes_and_goes(self) -> None:
        stream = io.StringIO()
        self.house.node.watchers.append(Window(stream))
        tesla, albert = self.house.people("tesla", "albert")
        self.house.peer().lose()
        albert.ask(m.Quit)
        tesla.send("#lobby", "not for the window")
        tesla.lose()
        self.assertEqual(stream.getvalue().splitlines(), [
            "Client (127.0.0.1, 40000) connected  [ tesla ]", "Client (127.0.0.1, 40001) connected  [ albert ]",
            "Client (127.0.0.1, 40001) is offline  [ albert ]",
            "Client (127.0.0.1, 40000) is offline (error)  [ tesla ]",
        ])  # fmt: skip
