"""Tests of chatd.core."""
