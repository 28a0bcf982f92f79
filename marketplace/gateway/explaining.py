"""What a provider's call of its own service came to, in sentences: how far it got, what is wrong, what to do."""

import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from jsonschema import Draft202012Validator

from marketplace.gateway.addresses import PointsInwards
from marketplace.gateway.upstream import CONNECT_SECONDS, IDLE_SECONDS, Answer, Trail, UpstreamFailed, UpstreamSlow
from marketplace.lifecycle import Words

SLOW: Final = 10_000  # milliseconds after which a person in front of a form is lost
MOST_PROBLEMS: Final = 5
LONGEST_CAUSE: Final = 200
STEPS: Final[dict[str, Words]] = {
    "resolved": gettext_lazy("Name found"),
    "connected": gettext_lazy("Connected"),
    "secured": gettext_lazy("Connection secured"),
    "sent": gettext_lazy("Input sent"),
    "answered": gettext_lazy("First byte of the answer"),
    "complete": gettext_lazy("Answer complete"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of what happened: `at` is in milliseconds from the start, None when it was not reached."""

    label: Words
    at: int | None
    is_failed: bool = False


def steps(endpoint: str, noted: dict[str, int], *, is_over: bool) -> list[Step]:
    """The way to a service, step by step; the first that is missing is the one that failed, once it is over."""
    names = [name for name in STEPS if name != "secured" or endpoint.startswith("https:")]
    missing = next((name for name in names if name not in noted), None)
    return [Step(STEPS[name], noted.get(name), is_over and name == missing) for name in names]


def failed(endpoint: str, trail: Trail, problem: UpstreamFailed) -> str:
    """Why there was no answer that could be read, and what to do."""
    parts, cause = urlsplit(endpoint), problem.__cause__
    is_slow, host = isinstance(problem, UpstreamSlow), {"host": parts.hostname or ""}
    if isinstance(cause, PointsInwards):
        return (
            _("%(host)s leads into a private network. Buyers' calls come from outside: give it a public address.")
            % host
        )
    if "resolved" not in trail.steps:
        return (
            _("There is no address for the name %(host)s. Look for a slip, or wait until its DNS record is known.")
            % host
        )
    if "connected" not in trail.steps:
        return _not_connected(parts.netloc, is_slow)
    if parts.scheme == "https" and "secured" not in trail.steps:
        why = str(cause)[:LONGEST_CAUSE] or type(cause).__name__
        sentence = _("The connection could not be secured (%(cause)s). Its certificate has to be valid for %(host)s.")
        return sentence % {**host, "cause": why}
    if "answered" not in trail.steps:
        return _not_answered(is_slow)
    if cause is None:
        return str(problem)  # larger than an answer may be
    if is_slow:
        return _("The answer began and did not end in time. Send it in one piece, or make it smaller.")
    return _("The connection broke in the middle of the answer. Look into the log of your service.")


def _not_connected(netloc: str, is_slow: bool) -> str:
    where = {"where": netloc, "seconds": CONNECT_SECONDS}
    if is_slow:
        sentence = _(
            "%(where)s did not take the connection within %(seconds)d seconds. Does a firewall stand before it?"
        )
        return sentence % where
    return _("Nobody listens at %(where)s. Is your service running, and is the port right?") % where


def _not_answered(is_slow: bool) -> str:
    if is_slow:
        sentence = _("Your service took the input and was silent for %(seconds)d seconds. Begin to answer sooner.")
        return sentence % {"seconds": IDLE_SECONDS}
    return _("Your service took the input and closed the connection without an answer. Look into its log.")


def seen(answer: Answer, output_schema: dict[str, Any]) -> list[str]:
    """What is wrong with an answer, first what matters most; nothing when buyers would be served."""
    problems = _status(answer.status)
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        return [*problems, _("The answer is not JSON, so nothing of it could be shown to a buyer.")]
    if not problems and output_schema:
        problems += _against(output_schema, content)
    return problems


def fits(answer: Answer, output_schema: dict[str, Any]) -> bool | None:
    """Whether a good answer is what the listing says that it will be; None when it says nothing, or it was not good."""
    if not output_schema or not 200 <= answer.status < 300:
        return None
    try:
        return Draft202012Validator(output_schema).is_valid(json.loads(answer.body))
    except (ValueError, RecursionError):
        return False


def _status(status: int) -> list[str]:
    if 200 <= status < 300:
        return []
    said = {
        401: _("the service wants a key. Store it on the page “Key of your service”."),
        403: _("the service wants a key. Store it on the page “Key of your service”."),
        404: _("nothing is at this address. Is its path right?"),
        405: _("the service does not take POST, by which all calls are made."),
        415: _("the service does not take JSON, as which all input is sent."),
        429: _("the service says that it is called too often. Raise its limit for this market."),
    }.get(status)
    if said is None and 300 <= status < 400:
        said = _(
            "the service leads elsewhere. That is not followed, for your key would go along; name the last address."
        )
    if said is None and status >= 500:
        said = _("the service failed. Look into its log at this time.")
    said = said or _("a good answer has a status from 200 to 299.")
    return [_("Status %(status)d: %(said)s") % {"status": status, "said": said}]


def _against(schema: dict[str, Any], content: Any) -> list[str]:
    """The first places at which an answer is not what the listing says that it will be."""
    found = sorted(Draft202012Validator(schema).iter_errors(content), key=lambda one: list(map(str, one.absolute_path)))
    sentence = _("“What comes out” says otherwise: %(where)s: %(problem)s.")
    said = [
        sentence % {"where": "/".join(map(str, one.absolute_path)) or _("the answer"), "problem": one.message[:200]}
        for one in found[:MOST_PROBLEMS]
    ]
    if (more := len(found) - len(said)) > 0:
        said.append(_("And %(number)s more of the kind.") % {"number": formats.number_format(more)})
    return said
