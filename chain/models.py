"""Filled by the watcher."""
