"""The backend itself; Django looks for it under this name."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
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
