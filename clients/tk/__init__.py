"""The windows: what the full screen is in a terminal, with a mouse and pictures."""
