"""The staff console: verbs over SSH, for people at a terminal and for scripts.

Rule: it knows words (`chatd.messages` and its like, `chatd.wire.inert`), keys and terminals; what the server is asked
to do is a function of `chatd.operations`, and nothing behind that is imported here. No verb shows a message's text.
"""
