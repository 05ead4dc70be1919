"""Settings and the certificate.

Rule: as of the package. Secrets among the settings are not shown.
"""

from __future__ import annotations

from datetime import UTC, datetime

from chatd.config import BadConfig, Settings
from chatd.operations.service import Refused, Service
from chatd.tls import BadCertificate

SECRET = {"operators"}


def _values(settings: Settings) -> dict[str, str]:
    found = {}
    for key in Settings.__struct_fields__:
        value = getattr(settings, key)
        if key in SECRET and isinstance(value, dict):
            value = sorted(value)
        found[key] = " ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
    return found


def settings(service: Service) -> list[tuple[str, str, bool]]:
    """Every setting: its name, its value now, and whether that is the default."""
    default = _values(Settings())
    return [(key, value, value == default[key]) for key, value in _values(service.settings()).items()]


def differences(service: Service) -> list[tuple[str, str, str]]:
    """What file and environment have otherwise than the server: name, now, then. Raises Refused if they are wrong."""
    try:
        then = _values(service.filed())
    except BadConfig as error:
        raise Refused("bad-config", f"The configuration has a mistake: {error}") from None
    now = _values(service.settings())
    return [(key, now[key], then[key]) for key in now if now[key] != then[key]]


def reload(service: Service) -> list[str]:
    """Read configuration and certificate again, as SIGHUP does; what could not be done."""
    return service.reload()


def certificate(service: Service) -> dict[str, str | int]:
    """The certificate: fingerprint, until when, how many days that is, and where it is."""
    found = service.certificates
    left = found.expires - datetime.fromtimestamp(service.wall(), UTC)
    return {
        "fingerprint": found.fingerprint, "expires": found.expires.strftime("%Y-%m-%dT%H:%M:%SZ"), "days": left.days,
        "file": str(found.certificate),
    }  # fmt: skip


def reload_certificate(service: Service) -> None:
    """Read the certificate again; connections that are there keep the old one. Raises Refused."""
    try:
        service.certificates.reload()
    except BadCertificate as error:
        raise Refused("bad-certificate", f"The old certificate stays: {error}") from None
