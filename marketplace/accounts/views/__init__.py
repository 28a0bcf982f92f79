"""Pages of an account that are ours; the others are allauth's."""
