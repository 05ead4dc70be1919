"""Tests of clients.core.e2ee: honest people, and a server that lies."""
