"""The mirror of any OpenZeppelin Governor, and its voting pages."""
