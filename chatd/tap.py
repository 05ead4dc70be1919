"""Options to settings to service: the only file that knows all the others, and that imports the reactor.

Rule: nothing is opened before the service starts (twistd has forked by then); what fails at start is one sentence on
standard error and exit status 1. Everything that listens is up before `listening.json` says so.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import msgspec
from twisted.application.service import Service
from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, DeferredList, inlineCallbacks, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Protocol
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger, globalLogPublisher, jsonFileLogObserver
from twisted.python import usage
from twisted.python.failure import Failure
from twisted.python.threadpool import ThreadPool

from chatd import control
from chatd.admission import Policy
from chatd.auth import Passwords
from chatd.config import BadConfig, Settings, is_local, read
from chatd.core.limits import Limits, is_loopback, prefix
from chatd.data import DataFolder, FolderInUse
from chatd.filehost import FileHost
from chatd.files import Folder
from chatd.journal import Run
from chatd.lookup import Lookup
from chatd.node import SWEEP_SECONDS, Node
from chatd.operations.apart import Children
from chatd.operations.service import Service as Running
from chatd.poller import put_behind, serve_in_turn
from chatd.ports.door import DoorFactory
from chatd.ports.frames import Frames
from chatd.ports.irc.client import Facts
from chatd.ports.lines import Codecs, Lines
from chatd.ports.person import Persons, asking
from chatd.ports.session import Counter
from chatd.slack import Slack, give_back
from chatd.store.connection import lengthen_log
from chatd.store.interface import StoreError
from chatd.store.sqlite import SqliteStore
from chatd.straight import few_at_once
from chatd.systemd import Supervisor
from chatd.tls import BadCertificate, Certificates, TlsFactory
from chatd.window import Window

log = Logger()
reactor: Any = _reactor
READERS = 3
# of the settings: what the running server keeps, whatever is read again
FIXED = (
    "data", "listen", "listen_plain", "websocket", "console", "links", "uploads", "certificate", "key", "metrics",
    "log_json",
)  # fmt: skip
# Objects more than before until Python looks for cycles: its 700 are there within one turn, 10,000 took it 5 ms; how
# many looks until it looks at three times as many, and how many of those until at all: 100 ms with 10,000 people
GARBAGE_AFTER = (5_000, 2, 20)
PORTS = " Other ports: --listen, --listen-plain, --console; `none` turns one off."
# What may go wrong at start and is told in a sentence; OverflowError: a port that is no port
EXPECTED = (
    FolderInUse, StoreError, BadCertificate, BadConfig, OSError, CannotListenError, ValueError, OverflowError,
)  # fmt: skip


class Options(usage.Options):
    """The flags of `twistd chatd`."""

    synopsis = "[options]"
    longdesc = "The chat service of a class: TLS for everybody on port 6697, no TLS on this machine's port 6667."
    optParameters = [
        ["data", None, None, "Folder for everything the server keeps (default chatd-data)"],
        ["config", None, None, "TOML file with settings; flags and CHATD_* in the environment go before it"],
        ["registration", None, None, "Who may make an account: open, invite or closed (default open)"],
        ["guests", None, None, "May a name without an account come in: yes or no (default yes)"],
        ["certificate", None, None, "PEM file with the certificate and its chain (default: one is made)"],
        ["key", None, None, "PEM file with the certificate's key"],
        ["links", None, None, "https://HOST:PORT by which browsers reach files (default: this server's); or none"],
        ["server-name", None, None, "How the server calls itself (default: the host's name)"],
        ["log-json", None, None, "File for the log as one JSON object a line"],
        ["metrics", None, None, "Endpoint for Prometheus and health (default none); tcp:9100 is this machine only"],
    ]  # fmt: skip
    optFlags = [
        ["insecure", None, "Allow --listen-plain and --websocket without TLS on addresses that other machines reach"],
        ["check-config", None, "Say whether the settings are right, and exit"],
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self["listen"], self["listen_plain"], self["websocket"], self["console"] = [], [], [], []

    def opt_listen(self, endpoint: str) -> None:
        """Endpoint with TLS (default tcp:6697); may be given several times; `none` for no such listener"""
        self["listen"].append(endpoint)

    def opt_listen_plain(self, endpoint: str) -> None:
        """Endpoint without TLS (default tcp:6667:interface=127.0.0.1); may be given several times; or `none`"""
        self["listen_plain"].append(endpoint)

    def opt_websocket(self, endpoint: str) -> None:
        """Endpoint for IRC over WebSocket (default none); with TLS, unless only this machine reaches it"""
        self["websocket"].append(endpoint)

    def opt_console(self, endpoint: str) -> None:
        """Endpoint of the staff console, SSH (default tcp:6622:interface=127.0.0.1); or `none`"""
        self["console"].append(endpoint)

    def postOptions(self) -> None:
        """Read all sources of settings, so that a wrong one is told before anything starts."""
        try:
            self.settings = self.read()
        except BadConfig as error:
            raise usage.UsageError(str(error)) from None
        if self["check-config"]:
            sys.stdout.write("The settings are right.\n")
            raise SystemExit(0)

    def read(self) -> Settings:
        """The settings as flags, environment and file are now. Raises BadConfig."""
        return read({key.replace("-", "_"): value for key, value in self.items()}, os.environ)


class Chatd(Service):
    """The running service: folder, store, node and listeners, in this order, and back."""

    def __init__(self, options: Options) -> None:
        gc.set_threshold(*GARBAGE_AFTER)  # under load looking for them took a sixth of the time
        self._poller = serve_in_turn(reactor)
        reactor.seconds = time.monotonic  # Twisted's timers follow the wall clock: an hour's jump fires all of them
        self.options = options
        self.settings = options.settings
        self.folder = DataFolder(self.settings.data)
        self.window = Window(sys.__stdout__)
        self._pools = {"writer": ThreadPool(1, 1, "writer"), "reader": ThreadPool(0, READERS, "reader"),
                       "hash": ThreadPool(0, 2, "hash"), "files": ThreadPool(0, 4, "files"),
                       "console": ThreadPool(0, 2, "console"), "audit": ThreadPool(0, 1, "audit")}  # fmt: skip
        self._children = Children(reactor)
        self._console: Any = None
        self._ports: list[Any] = []
        self._factories: list[DoorFactory] = []
        self._slack = Slack(lambda: self._runner("files")(give_back))
        self._sweeper = LoopingCall(self._sweep)
        self._sweeper.clock = reactor
        self._failed = False
        self._supervisor = Supervisor(os.environ, os.getpid(), lambda: not self.node.journal.dead, reactor)
        self._created = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())

    def startService(self) -> None:
        """Open everything, or say in one sentence why not and exit."""
        super().startService()
        try:
            self._start()
            gc.freeze()  # what was loaded stays: ten thousand accounts need not be gone through again and again
        except EXPECTED as error:
            self._let_go()
            hint = PORTS if isinstance(error, CannotListenError) else ""
            raise SystemExit(f"chatd: {error}{hint}") from None
        except BaseException:
            self._let_go()  # threads that nobody stops would keep the process
            raise

    def _start(self) -> None:
        settings, limits = self.settings, self.settings.checked_limits()
        if settings.log_json:
            globalLogPublisher.addObserver(jsonFileLogObserver(open(settings.log_json, "a"), recordSeparator=""))  # noqa: SIM115
        self.folder.acquire()
        self.store = SqliteStore(self.folder.database)
        for pool in self._pools.values():
            pool.start()
        self._passwords = Passwords(self._runner("hash"), limits.password_queue, limits.password_chars)
        self.node = Node(
            self.store, limits, self._policy(settings), self.folder.secret(), self._passwords, clock=reactor,
            wall=time.time, write=self._writer(), read=self._runner("reader"), failed=self._broken,
        )  # fmt: skip
        self._blobs = Folder(self.folder.files)
        self.node.keep_files(self._blobs, self._runner("files"))
        self._host: FileHost | None = None
        self.node.watchers.append(self.window)
        self.certificates = Certificates(self.folder.tls, settings.certificate, settings.key)
        self.operations = Running(
            self.node, self.store, self.folder, self.certificates, reactor, self._runner("console"), self._children,
            settings=lambda: self.settings, filed=self.options.read, reload=self.reload,
        )  # fmt: skip
        self.operations.meter.start()
        self.operations.levels.install()
        listeners = self._listen(settings)
        self.operations.drain.ports, self.operations.drain.stop = list(self._ports), reactor.stop
        self._listen_console(settings, listeners)
        self._listen_metrics(settings, listeners)
        self._ports += control.listen(self.operations, reactor)
        self._sweeper.start(SWEEP_SECONDS, now=False)
        reactor.callWhenRunning(self._lengthen_log, True)
        signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(self.reload))
        # SIGTERM and Ctrl-C are the usual way to stop: status 0, where twistd would end by the signal itself
        reactor.addSystemEventTrigger("after", "shutdown", setattr, reactor, "_exitSignal", None)
        reactor.callWhenRunning(self.folder.publish, listeners)  # from then on signals are heard, too
        reactor.callWhenRunning(self._supervisor.ready, "It listens.")
        self.window.working(listeners, self.certificates.fingerprint)
        log.info("listening: {listeners}", listeners=listeners)

    def _lengthen_log(self, more: bool) -> None:
        """Make the store's log as long as it gets, step by step: commits come in between."""
        if more:
            spare = self.node.limits.disk_reserve_bytes
            self.node.journal.run(lengthen_log, self.folder.database, spare).addCallback(self._lengthen_log)

    @staticmethod
    def _policy(settings: Settings) -> Policy:
        return Policy(
            settings.server_name, settings.registration, settings.guests, settings.trusted_networks, settings.operators,
            settings.report_tags,
        )  # fmt: skip

    def _facts(self, settings: Settings, limits: Limits) -> Facts:
        return Facts(
            name=settings.server_name, version=f"chatd-{version('chatd')}", created=self._created,
            guests=settings.guests, network=settings.network, admin=settings.admin,
            description=settings.description, early=settings.register_before_connect,
            motd=settings.message_of_the_day(), sts_port=settings.sts_port,
            sts_seconds=settings.sts_seconds if settings.sts_port else 0,
            topic_chars=limits.topic_chars, away_chars=limits.away_chars, text_bytes=limits.text_bytes,
            lines=limits.text_lines, groups=limits.groups, page=limits.history_page, monitored=limits.monitors,
            masks=limits.masks, keys=limits.metadata_keys, followed=limits.metadata_followed,
            value_bytes=limits.metadata_value_bytes,
            uploads=f"{self._host.links}/files" if self._host is not None else "",
        )  # fmt: skip

    def _runner(self, pool: str) -> Run:
        def run(function: Any, *arguments: Any) -> Deferred[Any]:
            return deferToThreadPool(reactor, self._pools[pool], function, *arguments)

        return run

    def _writer(self) -> Run:
        """What runs on the writer's thread; who comes or goes meanwhile waits."""
        run, poller = self._runner("writer"), self._poller
        if poller is None:
            return run

        def write(function: Any, *arguments: Any) -> Deferred[Any]:
            poller.writing(1)
            return run(function, *arguments).addBoth(done)

        def done(result: Any) -> Any:
            poller.writing(-1)
            return result

        return write

    def _origin(self, host: str) -> str:
        """What counts as one address for those who wait at the door; nothing for this machine and trusted networks."""
        return "" if is_loopback(host) or host in self.node.admission.policy.trusted else prefix(host)

    def _doors(self, settings: Settings) -> dict[str, DoorFactory]:
        """What answers on each kind of listener."""
        limits = self.node.limits
        lookup = self._lookup = Lookup(self.node.hub, time.time, os.urandom, self.node.strangers)
        codecs = self._codecs = Codecs(self.node, lookup, self._facts(settings, limits))
        people = asking(Persons(self.node, lookup, lambda: self.node.admission.policy.guests), limits, reactor)

        def frames() -> Frames:
            return Frames(self.node, limits, reactor)

        def lines() -> Lines:
            return Lines(codecs, limits, reactor)

        def socket() -> Protocol:
            from chatd.ports.websocket import WebSocket  # 20 ms of the start, which few need

            return WebSocket(lines)

        counter = Counter()

        def web() -> Protocol:
            from chatd.ports.web import Web  # likewise

            assert self.node.transfers is not None
            return Web(self.node.transfers, counter, reactor.callLater, is_loopback, self._host)

        browsers = web if settings.links != "none" else None

        def door(first: Callable[[], Protocol], other: Callable[[], Protocol], **more: Any) -> DoorFactory:
            made = DoorFactory(
                first, other, reactor.seconds, limits.waiting, limits.waiting_per_prefix, self._origin, **more
            )  # fmt: skip
            self._factories.append(made)
            return made

        return {
            "tls": door(frames, lines, web=browsers),
            "plain": door(frames, lines, asking=people, web=browsers),
            "websocket": door(socket, socket),
        }

    def _listen(self, settings: Settings) -> dict[str, list[tuple[str, int]]]:
        doors = self._doors(settings)
        listeners: dict[str, list[tuple[str, int]]] = {}
        for kind, endpoints in (
            ("tls", settings.listen), ("plain", settings.listen_plain), ("websocket", settings.websocket)
        ):  # fmt: skip
            for endpoint in endpoints:
                if endpoint == "none":
                    continue
                tls = kind == "tls" or (kind == "websocket" and not settings.insecure and not is_local(endpoint))
                factory = TlsFactory(self.certificates, doors[kind], reactor) if tls else doors[kind]
                address = self._open(endpoint, factory)
                listeners.setdefault("websocket-tls" if tls and kind != "tls" else kind, []).append(address)
        if settings.links != "none" and "tls" in listeners:
            links = settings.links or f"https://{settings.server_name}:{listeners['tls'][0][1]}"
            self._lookup.links = links
            if settings.uploads:
                self._host = FileHost(self.node, self._blobs, self._runner("files"), os.urandom, links)
                self._codecs.facts = self._facts(settings, self.node.limits)
        return listeners

    def _listen_console(self, settings: Settings, listeners: dict[str, list[tuple[str, int]]]) -> None:
        endpoints = [endpoint for endpoint in settings.console if endpoint != "none"]
        if endpoints:
            from chatd.console.server import Console  # SSH is 100 ms of the start

            self._console = Console(self.operations, reactor, self._runner("audit"), self.folder.secret())
            log.info("console: host key {fingerprint}", fingerprint=self._console.fingerprint)
            listeners["console"] = [self._open(endpoint, self._console.factory) for endpoint in endpoints]

    def _listen_metrics(self, settings: Settings, listeners: dict[str, list[tuple[str, int]]]) -> None:
        if settings.metrics not in ("", "none"):
            from chatd.metrics import site  # 150 ms of the start

            endpoint = settings.metrics
            if endpoint.startswith("tcp:") and ":interface=" not in endpoint:
                endpoint += ":interface=127.0.0.1"
            listeners["metrics"] = [self._open(endpoint, site(self.operations, version("chatd")))]

    def _open(self, endpoint: str, factory: Any) -> tuple[str, int]:
        """Listen there; where that is."""
        factory.noisy = False
        failures: list[Failure] = []
        try:
            listening = serverFromString(reactor, _with_room(endpoint)).listen(factory)
        except LookupError:  # of systemd's
            raise BadConfig(f"{endpoint!r}: the supervisor has handed over no such socket") from None
        listening.addCallbacks(self._ports.append, failures.append)
        if failures:
            failures[0].raiseException()
        few_at_once(self._ports[-1])
        put_behind(self._ports[-1])
        host = self._ports[-1].getHost()
        return getattr(host, "host", getattr(host, "name", "")), getattr(host, "port", 0)

    def _sweep(self) -> None:
        before = reactor.seconds() - self.node.limits.login_seconds
        for factory in self._factories:
            factory.sweep(before)
        reserve = self.node.limits.disk_reserve_bytes
        try:
            room = self.node.hub.blobs.room = shutil.disk_usage(self.settings.data).free - reserve
            self.node.hub.full = room < 0
        except OSError as error:  # the sweep must go on: the deadlines hang on it
            log.error("the free space of the data folder cannot be read: {error}", error=str(error))
        self.node.sweep()
        self._slack.look(sum(getattr(port, "sessionno", 0) for port in self._ports), self.node.journal.messages)

    def reload(self) -> list[str]:
        """SIGHUP: read file and environment again for what may change while running, and the certificate.

        Returns what could not be done, in sentences.
        """
        problems = []
        try:
            self.certificates.reload()
            log.info("certificate reloaded; it expires {expires}", expires=str(self.certificates.expires))
        except BadCertificate as error:
            log.error("kept the old certificate: {error}", error=str(error))
            problems.append(f"kept the old certificate: {error}")
        try:
            settings = self.options.read()
            self._codecs.facts = self._facts(settings, settings.checked_limits())
        except BadConfig as error:
            log.error("kept the old settings: {error}", error=str(error))
            return [*problems, f"kept the old settings: {error}"]
        self.node.configure(settings.checked_limits(), self._policy(settings))
        fixed = {key: getattr(self.settings, key) for key in FIXED}
        self.settings = msgspec.structs.replace(settings, **fixed)
        log.info("settings read again; listeners, data folder and rates change with the next start")
        return problems

    def _broken(self, failure: Failure) -> None:
        self._failed = True
        if sys.__stderr__ is not None:
            sys.__stderr__.write(f"chatd: stopping: {failure.getErrorMessage()}\n")
        reactor.callLater(0, reactor.stop)

    @inlineCallbacks
    def stopService(self) -> Any:
        """Take no more, finish what was taken, say goodbye, and close."""
        super().stopService()
        if not hasattr(self, "node"):
            return
        self._supervisor.stopping()
        if self._console is not None:
            self._console.close()
        yield DeferredList([maybeDeferred(port.stopListening) for port in self._ports])  # None of one that has stopped
        if self._sweeper.running:
            self._sweeper.stop()
        if not self._failed:
            yield self.node.stop()
        self._let_go()
        if self._failed:
            reactor.addSystemEventTrigger("after", "shutdown", os._exit, 1)

    def _let_go(self) -> None:
        self._children.close()
        for pool in self._pools.values():
            if pool.started:
                pool.stop()
        self._supervisor.stop()
        if hasattr(self, "operations"):
            self.operations.meter.stop()
            self.operations.levels.remove()
        if self._console is not None:
            self._console.let_go()
        if hasattr(self, "store"):
            self.store.close()
        self.folder.release()
        for port in self._ports:
            maybeDeferred(port.stopListening)  # where the start failed half-way; otherwise they have stopped


def _with_room(endpoint: str) -> str:
    """An endpoint whose queue of connections not yet accepted holds as many as may wait (`limits.waiting`); Twisted's
    holds 50, and who finds it full comes a second later, then three, then seven."""
    kind = endpoint.partition(":")[0]
    return endpoint if kind not in ("tcp", "tcp6", "unix") or ":backlog=" in endpoint else f"{endpoint}:backlog=4096"


def makeService(options: Options) -> Chatd:
    """What `twistd chatd` runs."""
    return Chatd(options)
