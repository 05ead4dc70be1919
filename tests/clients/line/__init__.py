"""Tests of clients.line."""
