"""Write a proposal of any calls: forms become calls, calls become sentences, checks come before the wallet."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from chain import abi
from governance import doors, drafting, wishes
from governance.effects import effect_of
from governance.facts import Facts
from governance.forms import AddressForm, DraftForm
from governance.markdown import rendered
from governance.models import Discussion, Draft
from governance.power import checked_address, power_at, threshold
from governance.reading import governor_named
from governance.refusing import No, cleaned
from governance.wallet import asked, conversation
from governance.words import amount

IN_THIS_BROWSER = "proposal_drafts"
MOST_KEPT = 10


@doors.public
def begin(request: HttpRequest, governor: str) -> HttpResponse:
    """The drafts that were begun in this browser, and a new one."""
    dao = get_object_or_404(governor_named(governor))
    kept: list[str] = request.session.get(IN_THIS_BROWSER, [])
    problem = ""
    if request.method == "POST":
        try:
            key = drafting.begin(dao)
        except No as no:
            problem = str(no)
        else:
            request.session[IN_THIS_BROWSER] = [key, *kept][:MOST_KEPT]
            return redirect("governance:draft", dao.slug, key)
    found = [(key, draft) for key in kept if (draft := drafting.draft_of(dao, key))]
    context = {"governor": dao, "drafts": found, "problem": problem}
    return render(request, "governance/drafts.html", context, status=422 if problem else 200)


def draft_or_404(governor: str, key: str) -> Draft:
    """The draft behind a secret link."""
    dao = get_object_or_404(governor_named(governor))
    found = drafting.draft_of(dao, key)
    if found is None:
        raise Http404("No such draft.")
    return found


@doors.public
def draft(request: HttpRequest, governor: str, key: str) -> HttpResponse:
    """One draft: its words, its calls as sentences, one more call, and what is missing before it can be proposed."""
    row = draft_or_404(governor, key)
    facts = Facts.of(row.governor)
    kinds = wishes.kinds(facts)
    words = DraftForm(initial={"title": row.title, "why": row.why})
    chosen = request.POST.get("kind") or request.GET.get("add", "")
    wish = kinds[chosen](facts=facts) if chosen in kinds else None
    problem, status = "", 200
    if request.method == "POST":
        try:
            if "remove" in request.POST:
                place = request.POST["remove"]
                drafting.remove(row, int(place) if place.isdecimal() and len(place) < 4 else -1)
                return redirect("governance:draft", row.governor.slug, key)
            if wish is not None:
                wish = kinds[chosen](request.POST, facts=facts)
                if wish.is_valid():
                    drafting.add(row, wish.calls)
                    return redirect("governance:draft", row.governor.slug, key)
            else:
                words = DraftForm(request.POST)
                if words.is_valid():
                    drafting.write(row, **words.cleaned_data)
                    return redirect("governance:draft", row.governor.slug, key)
        except No as no:
            problem = str(no)
        status = 422
    return page(request, row, key, facts, status, words=words, wish=wish, chosen=chosen, problem=problem)


def page(
    request: HttpRequest,
    row: Draft,
    key: str,
    facts: Facts,
    status: int,
    *,
    words: DraftForm | None = None,
    wish: Any = None,
    chosen: str = "",
    problem: str = "",
) -> HttpResponse:
    """The page of a draft, with what was typed; `problem` is what did not work just now."""
    context = {
        **_shown(request, row, facts),
        "key": key, "wish": wish, "chosen": chosen if wish else "", "problem": problem,
        "words": words or DraftForm(initial={"title": row.title, "why": row.why}),
        "kinds": [(name, kind.name) for name, kind in wishes.kinds(facts).items()],
    }  # fmt: skip
    answer = render(request, "governance/draft.html", context, status=status)
    answer["X-Robots-Tag"] = "noindex"
    # With no-referrer a browser would post the page's forms without an origin, and they would be refused.
    answer["Referrer-Policy"] = "same-origin"
    return answer


def _shown(request: HttpRequest, row: Draft, facts: Facts) -> dict[str, Any]:
    """The calls as sentences, and the checks that were asked for."""
    given = request.GET.get("address", "")
    address = checked_address(given)
    context: dict[str, Any] = {}
    if row.calls and "try" in request.GET:
        try:
            context["tried"] = drafting.tried(row)
        except No as no:
            context["silent"] = str(no)
    if address:
        needed, power = threshold(row.governor), power_at(row.governor, address)
        context |= {"enough": power >= needed, "power": amount(power, row.governor.token)}
        context["same"] = drafting.same_as(row, address) if row.calls else None
    effects = [effect_of(facts, call.target, call.value, call.data) for call in drafting.calls_of(row)]
    return {
        **context,
        "governor": row.governor,
        "draft": row,
        "effects": effects,
        "description": rendered(drafting.text_of(row), title=row.title) if row.why else "",
        "needed": amount(threshold(row.governor), row.governor.token),
        "address": given,
        "address_error": bool(given) and address is None,
        "ready": bool(row.calls and row.title and row.why),
        "proposed": drafting.proposal_of(row),
        "discussion": Discussion.objects.of_governor(row.governor).filter(draft=row).first(),
    }


@conversation
def send(body: dict[str, Any], governor: str, key: str) -> dict[str, Any]:
    """The draft as a proposal, bound to its proposer by the suffix that the Governor checks."""
    row = draft_or_404(governor, key)
    dao, address = row.governor, cleaned(AddressForm(body))["address"]
    if not (row.calls and row.title and row.why):
        raise No(_("A proposal needs a title, a reason and at least one call. Save them first."))
    power, needed = power_at(dao, address), threshold(dao)
    if power < needed:
        words = {"needed": amount(needed, dao.token), "power": amount(power, dao.token)}
        raise No(
            _(
                "Who proposes needs %(needed)s of votes; this account has %(power)s. "
                "Delegate to yourself, or ask a delegate to propose it."
            )
            % words
        )
    if drafting.same_as(row, address):
        raise No(_("This very proposal has been made already. Change its words to make another one."))
    calls = drafting.calls_of(row)
    arrays = [call.target for call in calls], [call.value for call in calls], [call.data for call in calls]
    data = abi.encode_call("GuildGovernor", "propose", *arrays, drafting.text_of(row, address))
    return asked(dao, dao.address, data, address, _("You propose: %(effect)s") % {"effect": row.title})
