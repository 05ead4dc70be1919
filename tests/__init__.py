"""The tests; folders mirror the sources."""
