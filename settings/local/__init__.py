"""The market on one machine: embedded PostgreSQL, Valkey and a local chain, and the supervisor that runs everything on them."""
