"""Encryption from end to end, the pure half: no sockets, no clock, no disk; randomness is vodozemac's or passed in.

Rule: everything that arrives is hostile until a check has passed, and a check that fails is `Refused` with a code.
The checks stand in tables (`..._CHECKS`), one line each with a name, so that a script can take one away and see that a
test notices. The formats are those of docs/architecture.md's neighbour, the specification `e2ee.md`.
"""
