"""How fast the service is, beside a bare broadcast server that stores nothing: `python -m tests.bench`."""
