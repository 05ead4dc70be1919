"""Tests of chatd.wire."""
