"""Machines that look for the order of events that breaks a promise."""
