"""Money held on chain for an order, and its double-entry record."""
