"""The peer of the page benchmarks: the least that Django can be asked to do for a list of 24 rows."""
