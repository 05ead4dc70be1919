"""The tests; folders mirror the sources. Here: how long the property tests look (`make fuzz N=...` says it)."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "chatd",
    max_examples=int(os.environ.get("EXAMPLES", "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("chatd")
