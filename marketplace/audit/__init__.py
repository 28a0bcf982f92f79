"""What was done, by whom, in an append-only chain of entries."""
