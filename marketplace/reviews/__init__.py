"""What organizations say of tools that they paid for and used, and what providers answer."""
