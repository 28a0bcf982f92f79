"""The child process: reads one question after the other from its parent, computes, answers.

A frame is 4 bytes of length (big endian), then that many bytes. A question is two frames: the tool's slug and the
body of the HTTP request. An answer is two frames: a JSON head {"status", "log"?} and the JSON body.
"""

import importlib
import json
import os
import queue
import struct
import sys
import threading
import traceback
from typing import Any, BinaryIO

from .answers import Json, Wrong
from .manifests import Manifest, by_slug

MODULES = {
    "sales-forecast": "forecast",
    "invoice-fields": "invoice",
    "review-sentiment": "reviews",
    "duplicate-customers": "duplicates",
}
MEMORY_LIMIT = 1536 * 1024 * 1024
_BROKEN = "The tool failed on this input. Nothing was stored; please report it with the request id."


def read_frame(stream: BinaryIO) -> bytes | None:
    """Return the next frame, or None when the other side is gone."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    size = struct.unpack(">I", head)[0]
    body = stream.read(size)
    return body if len(body) == size else None


def frame(body: bytes) -> bytes:
    """Return the bytes of a frame."""
    return struct.pack(">I", len(body)) + body


def computed(slug: str, body: bytes) -> tuple[int, Json, str | None]:
    """Return HTTP status, answer and, for a fault of ours, what the log should say."""
    try:
        given = _checked(by_slug()[slug], body)
        module = importlib.import_module(f".{MODULES[slug]}", __package__)
        return 200, module.run(given), None
    except Wrong as wrong:
        return wrong.status, wrong.as_json(), None
    except (MemoryError, RecursionError):
        return 422, Wrong("This file needs more memory than a call may use.", "file").as_json(), traceback.format_exc()
    except Exception:
        return 500, Wrong(_BROKEN).as_json(), traceback.format_exc()


def _checked(manifest: Manifest, body: bytes) -> Json:
    """Return the request's JSON with defaults filled in, after holding it against the tool's input schema."""
    from jsonschema import Draft202012Validator

    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Wrong("The request is not valid JSON.") from None
    if not isinstance(given, dict):
        raise Wrong("The request must be a JSON object with the form's fields.")
    properties = manifest.input_schema["properties"]
    # An empty field of a form means that nothing was given.
    given = {name: value for name, value in given.items() if value is not None and value != ""}
    for name, about in properties.items():
        if "default" in about:
            given.setdefault(name, about["default"])
    faults = sorted(Draft202012Validator(manifest.input_schema).iter_errors(given), key=lambda fault: list(fault.path))
    if faults:
        raise _sentence(faults[0], properties)
    return given


def _sentence(fault: Any, properties: Json) -> Wrong:
    field = str(fault.path[0]) if fault.path else None
    about = properties.get(field or "", {})
    title, rule, wanted = about.get("title", field), fault.validator, fault.validator_value
    if rule == "required":
        missing = next(name for name in wanted if name not in fault.instance)
        return Wrong("“{}” is missing.".format(properties[missing]["title"]), missing)
    if rule == "anyOf":
        names = [name for choice in wanted for name in choice["required"]]
        titles = " or ".join("“{}”".format(properties[name]["title"].removeprefix("or ")) for name in names)
        return Wrong(f"Please give {titles}.", names[0])
    if rule == "additionalProperties":
        extra = next(name for name in fault.instance if name not in properties)
        return Wrong(f"There is no field “{extra[:40]}”; the fields are {', '.join(properties)}.", extra[:40])
    if rule == "maxLength":
        if "contentEncoding" in about:
            return Wrong("The file is too large; at most 2 MB are allowed.", field, 413)
        return Wrong(f"“{title}” has {len(fault.instance):,} characters; at most {wanted:,} are allowed.", field, 413)
    sentences = {
        "type": f"“{title}” must be {_a(wanted)}.",
        "enum": f"“{title}” must be one of: {', '.join(map(str, wanted if isinstance(wanted, list) else []))}.",
        "minimum": f"“{title}” must be at least {wanted}.",
        "maximum": f"“{title}” must be at most {wanted}.",
        "minLength": f"“{title}” is empty.",
    }
    return Wrong(sentences.get(str(rule), f"“{title}” is not acceptable."), field)


def _a(kind: Any) -> str:
    return {"integer": "a whole number", "number": "a number", "string": "text", "boolean": "true or false"}.get(
        str(kind), str(kind)
    )


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


def main() -> None:
    """Answer questions until the parent closes the pipe; a parent that dies closes it too."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not land among the answers
    _limit_memory()
    questions: queue.Queue[tuple[bytes, bytes]] = queue.Queue()

    def listen() -> None:
        while True:
            slug, body = read_frame(sys.stdin.buffer), read_frame(sys.stdin.buffer)
            if slug is None or body is None:
                os._exit(0)  # also in the middle of a computation: nobody waits for it any more
            questions.put((slug, body))

    threading.Thread(target=listen, daemon=True).start()
    while True:
        slug, body = questions.get()
        status, answer, log = computed(slug.decode(), body)
        head = json.dumps({"status": status, "log": log}).encode()
        answers.write(frame(head) + frame(json.dumps(answer, ensure_ascii=False, allow_nan=False).encode()))
        answers.flush()


if __name__ == "__main__":
    main()
