"""The real thing: real processes, sockets, terminals. Few, and each with a deadline."""
