"""Whom this transaction acts for: the scope, the row policies that read it, and the doors that set it."""
