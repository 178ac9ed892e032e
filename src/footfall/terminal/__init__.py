"""Output in the terminal: answers, activity, definitions, and how collecting goes."""
