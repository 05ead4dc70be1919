"""Tests of clients.core.windows."""
