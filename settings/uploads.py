"""How much a form may send. Looked at before anything is written to memory or disk."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class Bounded(FileUploadHandler):
    """Answer 400 to a form larger than settings.MOST_UPLOADED bytes; the handlers after it keep the files."""

    received = 0

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any, **kwargs: Any) -> None:  # noqa: N803
        self._bound(content_length)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        self._bound(self.received)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""

    def _bound(self, size: int) -> None:
        if size > settings.MOST_UPLOADED:
            raise RequestDataTooBig("This form is larger than any of ours may be.")
