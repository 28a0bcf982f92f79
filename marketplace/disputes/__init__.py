"""Disputes between the two sides of an order: evidence, rulings, and what became of the money."""
