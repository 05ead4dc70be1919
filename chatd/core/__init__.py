"""The pure core: state and rules, no I/O; time is an argument."""
