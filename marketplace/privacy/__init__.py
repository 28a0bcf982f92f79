"""What the market holds about an organization or a person: given out whole, or erased."""
