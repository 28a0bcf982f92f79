"""PostgreSQL as the app role, which may not TRUNCATE: emptying tables between tests goes through the owner."""
