import os

import psycopg
from django.db.backends.postgresql import operations

from settings.database import base


class DatabaseOperations(operations.DatabaseOperations):
    def execute_sql_flush(self, sql_list: list[str]) -> None:
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
            for sql in sql_list:
                owner.execute(sql.encode())


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
