"""Tests of the windows, on a display of their own."""
