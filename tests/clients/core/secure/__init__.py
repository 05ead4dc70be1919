"""Tests of clients.core.secure."""
