"""Pages of disputes: opening one, both sides' view, and the arbiters' console."""
