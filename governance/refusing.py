"""The no of the voting pages."""


class No(Exception):
    """Why not, in a sentence for the person."""
