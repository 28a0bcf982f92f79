"""The whole market on one machine: embedded PostgreSQL, Valkey and a chain, and a supervisor over everything."""
