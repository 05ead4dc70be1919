"""Run the tests with trial and end with one plain line: `N passed, N failed, N skipped`.

Rule: trial does the work and prints what it always prints, the skipped tests with their reasons too; this only
counts, and says at the end once more, in a line each, what failed and why: the end is what is kept of a long output.
A test that is expected to fail counts as skipped. Arguments go to trial in place of `tests`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence

SUMMARY = re.compile(r"^(?:PASSED|FAILED)(?: \((.*)\))?$")
TEST = re.compile(r"^tests(?:\.\w+)+\.test_\w+$")
ERROR = re.compile(r"^[\w.]+(?:Error|FailTest|Failure|Exception|Warning|Flaky)\b.*")
# Warnings are errors, but for what a killed process leaves open
WARNINGS = "error,default::ResourceWarning"


def counts(summary: str) -> tuple[int, int, int] | None:
    """Passed, failed and skipped of trial's last line, such as `FAILED (skips=1, errors=2, successes=30)`."""
    found = SUMMARY.match(summary.strip())
    if found is None:
        return None
    told = {
        name: int(number) for name, _, number in (part.partition("=") for part in (found[1] or "").split(", ") if part)
    }
    failed = told.get("failures", 0) + told.get("errors", 0) + told.get("unexpectedSuccesses", 0)
    return told.get("successes", 0), failed, told.get("skips", 0) + told.get("expectedFailures", 0)


class Failed:
    """The tests that trial says failed, each with the last error that stood above its name."""

    def __init__(self) -> None:
        self.tests: dict[str, str] = {}
        self._error: str | None = None

    def read(self, line: str) -> None:
        """The next line of what trial prints."""
        line = line.rstrip()
        if line.startswith("["):
            self._error = "" if line in ("[FAIL]", "[ERROR]") else None
        elif self._error is not None and ERROR.match(line):
            self._error = line[:600]
        elif self._error is not None and TEST.match(line):
            self.tests.setdefault(line, self._error)


def main(arguments: Sequence[str]) -> int:
    """Run trial, pass on what it prints, and count; 0 only if something passed and nothing failed."""
    jobs = min(4, os.cpu_count() or 1)
    command = [sys.executable, "-m", "twisted.trial", f"-j{jobs}", *(arguments or ["tests"])]
    environment = {"PYTHONWARNINGS": WARNINGS, **os.environ}
    seen, failed_tests = None, Failed()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment) as trial:
        assert trial.stdout is not None
        for line in trial.stdout:
            sys.stdout.buffer.write(line)
            sys.stdout.flush()
            text = line.decode("utf-8", "replace")
            failed_tests.read(text)
            seen = counts(text) or seen
    passed, failed, skipped = seen or (0, 1, 0)
    if trial.returncode != 0 and failed == 0:
        failed = 1
    for test, error in failed_tests.tests.items() if failed else ():
        print(f"FAILED {test}: {error}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
