"""What is on offer: listings, their reviewed versions, and plans."""
