"""The full screen: conversations beside each other, scrollback, and an input line that nothing disturbs."""
