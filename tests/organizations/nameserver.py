"""A small name server on a real UDP socket."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Zone = dict[str, list[str] | str]


@contextmanager
def serving(zone: Zone) -> Iterator[str]:
    """Answer TXT questions from `zone`; "silent" and "failing" instead of texts do as they say. Gives host:port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as served:
        served.bind(("127.0.0.1", 0))
        served.settimeout(0.2)
        over = threading.Event()
        thread = threading.Thread(target=_serve, args=(served, zone, over))
        thread.start()
        try:
            yield f"127.0.0.1:{served.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def _serve(served: socket.socket, zone: Zone, over: threading.Event) -> None:
    while not over.is_set():
        try:
            wire, asker = served.recvfrom(2048)
        except TimeoutError:
            continue
        answer = _answer(dns.message.from_wire(wire), zone)
        if answer:
            served.sendto(answer.to_wire(), asker)


def _answer(query: dns.message.Message, zone: Zone) -> dns.message.Message | None:
    name = query.question[0].name
    texts = zone.get(name.to_text(omit_final_dot=True))
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.RA
    if texts == "silent":
        return None
    if texts == "failing":
        answer.set_rcode(dns.rcode.SERVFAIL)
    elif texts is None:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    elif texts:
        answer.answer.append(dns.rrset.from_text_list(name, 60, "IN", "TXT", [f'"{text}"' for text in texts]))
    return answer
