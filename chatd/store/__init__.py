"""What is kept: one interface, one file per back end, and an independent reader that checks the kept data.

Rule: a store imports `chatd.messages` and this package, nothing else of ours, and knows no policy.
"""
