"""The clients: one core, several faces."""
