"""Who and what may be on the market: the queue, decisions and their reasons."""
