"""Python lines beside the reactor: what they show, how they end, what they may not hold up."""

from __future__ import annotations

import threading
import time
from typing import Any

from twisted.internet.defer import succeed
from twisted.trial.unittest import SynchronousTestCase

from chatd.console.python import (
    LATE_SECONDS,
    MOST_CHARS,
    Blocked,
    Line,
    Watchdog,
    complete,
    execute,
    limited,
    runner,
    short,
)


class Lines(SynchronousTestCase):
    """One statement."""

    def test_values_prints_and_mistakes(self) -> None:
        space: dict[str, Any] = {"x": 20}
        self.assertEqual(execute("x + 1", space), "21\n")
        self.assertEqual(execute("y = _ * 2", space), "")
        self.assertEqual(execute("print('é', y, sep='|'); y", space), "é|42\n42\n")
        self.assertEqual(execute("None", space), "")
        self.assertEqual(execute("for n in 1, 2:\n  print(n)", space), "1\n2\n")
        self.assertIn("ZeroDivisionError", execute("1/0", space))
        self.assertIn("SyntaxError", execute("1 +", space))
        self.assertIn("SystemExit", execute("raise SystemExit", space))

    def test_what_is_large_is_cut(self) -> None:
        for source in ("list(range(10**6))", "'x' * 10**7", "print('y' * 10**7)",
                       "{n: 'z' * 100 for n in range(10**5)}", "[[[[[[['deep'] * 100] * 100]]]]]"):  # fmt: skip
            self.assertLessEqual(len(execute(source, {})), MOST_CHARS + 100, source)
        self.assertLessEqual(len(execute("for _ in range(10**4): print('x' * 100)", {})), MOST_CHARS + 100)
        self.assertEqual(short([1, "two"]), "[1, 'two']")

    def test_whole_statements(self) -> None:
        self.assertEqual([complete(text) for text in ("x", "if x:", "if x:\n  y", "def f(", "1 +", "'")],
                         [True, False, True, False, True, True])  # fmt: skip


class Threads(SynchronousTestCase):
    """Beside the reactor."""

    def line(self, source: str, space: dict[str, Any]) -> tuple[Line, list[str], threading.Event]:
        """One line under way."""
        said: list[str] = []
        over = threading.Event()

        def done(text: str) -> None:
            said.append(text)
            over.set()

        line = Line(source, space, done)
        line.start()
        return line, said, over

    def test_an_endless_loop_is_interrupted(self) -> None:
        begun = threading.Event()
        line, said, over = self.line("begun.set()\nwhile True: pass", {"begun": begun})
        self.assertTrue(begun.wait(10))
        line.interrupt()
        self.assertTrue(over.wait(10))
        self.assertEqual(said, ["KeyboardInterrupt\n"])
        line.join(10)
        line.interrupt()  # nothing is left to interrupt

    def test_run_is_on_the_reactor(self) -> None:
        calls: list[Any] = []
        space: dict[str, Any] = {"run": runner(calls.append), "succeed": succeed}
        _, said, over = self.line("run(succeed, 5) + run(len, 'ab')", space)
        while not over.wait(0.001):
            for call in calls:
                call()
            calls.clear()
        self.assertEqual(said, ["7\n"])

    def test_what_is_run_there_is_broken_off(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            self.skipTest("the reactor is not on the main thread here")
        before = time.monotonic()
        self.assertRaises(Blocked, limited, time.sleep, 30, seconds=0.05)
        self.assertLess(time.monotonic() - before, 10)
        with self.assertRaises(Blocked):
            limited(self.forever, seconds=0.05)
        self.assertEqual(limited(len, "abc"), 3)
        self.assertRaises(ZeroDivisionError, limited, lambda: 1 // 0)

    def forever(self) -> None:
        """It never ends."""
        while True:
            pass

    def test_the_watchdog_tells_where_it_stands(self) -> None:
        reports: list[str] = []
        said = threading.Event()

        def report(text: str) -> None:
            reports.append(text)
            said.set()

        waiting: list[Any] = []
        dog = Watchdog(waiting.append, report)
        dog._beats()
        dog.start()
        self.addCleanup(dog.stop)
        self.assertTrue(said.wait(20 * LATE_SECONDS))
        self.assertIn("test_the_watchdog_tells_where_it_stands", reports[0])
        self.assertEqual((dog.reports, len(reports)), (1, 1))
        dog.stop()
        dog.join(5)
