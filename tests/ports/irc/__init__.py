"""Tests of `chatd.ports.irc`: what people at their IRC clients say and hear, in memory."""
