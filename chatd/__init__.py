"""chatd: the chat service that a class runs for itself."""

__version__ = "0.1.0"
