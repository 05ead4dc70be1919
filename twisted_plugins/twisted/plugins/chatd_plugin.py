"""What makes `twistd chatd` known: it names the module that has the options and makes the service."""

from twisted.application.service import ServiceMaker

# The name is what plugin discovery looks at; nothing of ours is imported until `twistd chatd` is asked for.
chatd = ServiceMaker("chatd", "chatd.tap", "The chat service: people, groups and their mail.", "chatd")
