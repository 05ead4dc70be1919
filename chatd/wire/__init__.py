"""The two protocols as bytes and values: no Twisted, no state between calls."""
