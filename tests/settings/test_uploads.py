"""A form that sends too much is turned away before it fills memory or disk."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import world

pytestmark = pytest.mark.django_db


def send(client: Client, size: int) -> int:
    file = SimpleUploadedFile("a.pdf", bytes(size), "application/pdf")
    return client.post("/o/ada-bakery/verification/documents/", {"document": file}).status_code


def test_a_form_larger_than_any_of_ours_is_not_read(client: Client, settings: Any) -> None:
    client.force_login(world.cast().ada)
    settings.MOST_UPLOADED = 100_000
    assert send(client, 50_000) == 422, "read, and refused for what it is"
    assert send(client, 200_000) == 400


def test_a_form_that_lies_about_its_length_is_stopped_while_it_is_read(settings: Any) -> None:
    from django.core.exceptions import RequestDataTooBig

    from settings.uploads import Bounded

    settings.MOST_UPLOADED = 100
    handler = Bounded()
    handler.handle_raw_input(None, {}, 10)
    assert handler.receive_data_chunk(b"x" * 90, 0) == b"x" * 90
    with pytest.raises(RequestDataTooBig):
        handler.receive_data_chunk(b"x" * 90, 90)
