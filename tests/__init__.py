"""The tests; folders mirror the sources. Here: how long the property tests look (`make fuzz N=...` says it).

`make test` looks at the same examples each time, so that it fails for a change alone; `make fuzz` looks for new ones.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "chatd",
    max_examples=int(os.environ.get("EXAMPLES", "100")),
    deadline=None,
    derandomize="EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("chatd")
