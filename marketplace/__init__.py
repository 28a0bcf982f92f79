"""The market: a ladder of capabilities, each importing only those below it."""
