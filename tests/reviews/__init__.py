"""Reviews: who may write, what it adds up to, what is shown to whom."""
