"""IRC: what a client's lines mean, and what is answered; one file an area, joined in `table.py`."""
