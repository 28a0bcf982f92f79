"""The metered way to a listed tool, by key or from the browser."""
