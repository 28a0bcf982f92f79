"""The demo provider: four small business tools behind HTTP, each a real computation on the caller's own data.

The serving process imports nothing heavy. Computations run in child processes that start on the first call, are
stopped when they exceed their time and end by themselves when nobody needs them.
"""
