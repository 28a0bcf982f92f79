"""The rules of the market and of its votes: what holds, since when, and who decided it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from governance import doors
from governance.facts import Facts
from governance.lists import governor_or_own
from governance.ruling import rules_of_market, rules_of_votes


@doors.public
@require_safe
def rules(request: HttpRequest, governor: str | None = None) -> HttpResponse:
    """Each rule with its value and the proposals by which it changed; of the market only those of its own DAO."""
    dao = governor_or_own(governor)
    context: dict[str, Any] = {"governor": dao}
    if dao is not None:
        facts = Facts.of(dao)
        market = rules_of_market(facts) if dao.is_own else []
        context |= {"market_rules": market, "vote_rules": rules_of_votes(facts), "head": dao.latest_block()}
    return render(request, "governance/rules.html", context)


@doors.public
@require_safe
def rule(request: HttpRequest, rule: str) -> HttpResponse:
    """On to the proposal that changed a rule of the market last; to the rule itself where no proposal has."""
    dao = governor_or_own(None)
    facts = Facts.of(dao) if dao is not None else None
    found = [*rules_of_market(facts), *rules_of_votes(facts)] if facts else []
    named = next((each for each in found if each.key == rule), None)
    if found and named is None:
        raise Http404("No such rule.")
    if named is None or named.now.proposal is None:
        return redirect(reverse("governance:rules") + (f"#{rule}" if named else ""))
    return redirect(named.now.proposal.get_absolute_url())
