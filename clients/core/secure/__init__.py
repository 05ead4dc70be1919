"""End-to-end encryption at work: the pure half (`clients/core/e2ee`) wired to the server's words and to the session.

Rule: what is checked and what is encrypted is decided there; here is only who is asked what, in which order, and what a
person is shown. Everything goes through the session's Step: what changes is on disk before anything of it leaves.
"""
