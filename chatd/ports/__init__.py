"""The listeners: they translate between bytes and commands, nothing more."""
