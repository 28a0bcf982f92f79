"""Filled by the mirror."""
