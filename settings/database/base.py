"""The backend itself; Django looks for it under this name."""

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        """With leave to keep plans, of which only statements that ask for it make use.

        Django's own cursors put their parameters into the text and never do. See catalog/search/statements.py.
        """
        return {**super().get_connection_params(), "prepare_threshold": 0}

    def is_usable(self) -> bool:
        """Whether the kept connection stands: asked once a request, and mostly answered without a round trip.

        On an idle connection nothing arrives. A server that went away has closed it, which can be read like data; then,
        and after anything else that came unasked, the server itself is asked.
        """
        if self.connection is None or self.connection.closed:
            return False
        idle = select.poll()
        idle.register(self.connection.pgconn.socket, select.POLLIN)
        return not idle.poll(0) or super().is_usable()
