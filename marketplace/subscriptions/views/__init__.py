"""Pages: buying, and the rules of spending."""
