"""Tests of clients.core."""
