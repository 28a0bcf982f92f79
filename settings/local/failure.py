"""The one way the local stack says no."""


class CannotStart(Exception):
    """Something is missing or broken; the message is one sentence for the person, and says what to do."""
