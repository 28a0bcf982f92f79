"""Agreements: an order, the subscription that runs on it, and whether a call may pass now."""
