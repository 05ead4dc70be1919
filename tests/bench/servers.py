"""The two servers, each a process of its own, pinned to one CPU while the load generator has another.

Rule: whatever happens, the processes end and the folder goes. Both servers have the same certificate.
"""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.process.server import ROOT, Server, environment

CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPU, LOAD_CPU = CPUS[0], CPUS[-1]
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
LOCAL = "interface=127.0.0.1"


class Target:
    """A running server: where it listens, and what it uses of CPU and memory."""

    def __init__(self, pid: int, plain: int, tls: int) -> None:
        self.pid = pid
        self.ports = {"plain": plain, "tls": tls}

    def cpu(self) -> float:
        """Seconds of CPU it has used, in user and system mode."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> int:
        """Bytes of it that are in memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE_BYTES


@contextmanager
def on_cpu(cpu: int) -> Iterator[None]:
    """What is started here runs on one CPU."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def folder() -> Iterator[Path]:
    """A place for everything of one run, with a certificate in it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        path = Path(name)
        _certificate(path)
        yield path


def _certificate(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (path / "key.pem").touch(0o600)
    (path / "key.pem").write_bytes(private)
    (path / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


@contextmanager
def chatd(place: Path, name: str = "chatd") -> Iterator[Target]:
    """The real server with data of its own, which may be there already."""
    own = place / name
    own.mkdir(exist_ok=True)
    flags = ("--certificate", str(place / "certificate.pem"), "--key", str(place / "key.pem"))
    server = Server(str(own), flags)
    try:
        with on_cpu(SERVER_CPU):
            server.start()
        assert server.process is not None
        yield Target(server.process.pid, server.ports["plain"], server.ports["tls"])
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended early:\n{server.printed()[-2000:]}")
    finally:
        server.stop()


@contextmanager
def bare(place: Path) -> Iterator[Target]:
    """The naive server."""
    plain = f"tcp:0:{LOCAL}"
    tls = f"ssl:0:{LOCAL}:privateKey={place / 'key.pem'}:certKey={place / 'certificate.pem'}"
    with on_cpu(SERVER_CPU):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.bare", plain, tls], cwd=ROOT, env=environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        ports = [int(process.stdout.readline()) for _ in (plain, tls)]
        yield Target(process.pid, *ports)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def sync_seconds(place: Path, times: int = 50) -> float:
    """How long this disk takes for one small write that survives a power cut (median)."""
    taken = []
    with (place / "sync").open("wb", buffering=0) as file:
        for _ in range(times):
            start = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - start)
    return sorted(taken)[times // 2]
