"""The composition root: it knows everybody, and nobody imports it."""
