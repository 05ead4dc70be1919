"""A self-hosted chat service on Twisted."""
