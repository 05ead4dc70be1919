"""The line face: one line in, one line out, and the one-shot commands."""
