"""What faces with windows have in common: the conversations side by side, and the face that fills them."""
