"""Search of the shop: a narrow table beside the listings, so that what a search costs does not grow with the shop."""
