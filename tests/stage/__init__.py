"""What plays the scripts of `tests/dialogues`: the people of a dialogue, and how they do and hear things."""
