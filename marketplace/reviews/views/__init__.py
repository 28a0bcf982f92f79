"""Pages: what everybody reads, what organizations write, what moderators hide."""
