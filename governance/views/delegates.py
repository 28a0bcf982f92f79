"""Delegates: who they are, how they voted, what they say of themselves, and delegating to them without a fee."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from governance import delegates as reading
from governance import delegating, doors, reporting
from governance.following import delegation_life
from governance.forms import AddressForm, DelegateForm, HideForm, ReportForm, StatementForm
from governance.lists import governor_or_own
from governance.markdown import rendered
from governance.models import Comment, Discussion, Governor, Statement
from governance.power import checked_address
from governance.reading import governor_named
from governance.refusing import No, cleaned
from governance.views.discussions import judge, to_show
from governance.wallet import conversation, refuse_same, say_delegation

PER_PAGE = 50


def _dao(governor: str) -> Governor:
    return get_object_or_404(governor_named(governor))


@conversation
def sign(body: dict[str, Any], governor: str) -> dict[str, Any]:
    """The typed data of a change of delegate; the account itself where no other is named."""
    dao = _dao(governor)
    values = cleaned(DelegateForm({**body, "delegate": body.get("delegate") or body.get("address")}))
    delegator, delegate = values["address"], values["delegate"]
    refuse_same(dao, delegator, delegate)
    typed = delegating.asked(dao, delegator, delegate)
    following = reverse("governance:delegate_signed", args=[dao.slug])
    return {"typed": typed, "say": say_delegation(delegator, delegate), "next": following, "with": typed["message"]}


@conversation
def signed(body: dict[str, Any], governor: str) -> dict[str, Any]:
    """Take the signature; the page then follows what becomes of it."""
    dao, delegator = _dao(governor), cleaned(AddressForm(body))["address"]
    message = {name: str(body.get(name, "")) for name in delegating.DELEGATION}
    delegating.hand_in(dao, delegator, message, str(body.get("signature", "")))
    place = reverse("governance:delegate", args=[dao.slug])
    return {
        "say": _("You have signed. The market hands it in."),
        "go": f"{place}?address={delegator}&signed={message['nonce']}",
    }


@doors.public
@require_safe
def life(request: HttpRequest, governor: str, voter: str) -> HttpResponse:
    """How far a signed change of delegate has come."""
    dao, address = _dao(governor), checked_address(voter)
    row = delegating.latest(dao, address) if address else None
    if row is None:
        raise Http404("Nothing was signed lately.")
    return render(request, "governance/delegation.html", {"governor": dao, "life": delegation_life(row)})


@doors.public
@require_safe
def delegates(request: HttpRequest, governor: str) -> HttpResponse:
    """All who can vote, the most powerful first."""
    dao = _dao(governor)
    page = Paginator(reading.powers(dao), PER_PAGE).get_page(request.GET.get("page"))
    rows = reading.directory(dao, list(page.object_list))
    context = {"governor": dao, "page": page, "rows": rows, "head": dao.latest_block()}
    return render(request, "governance/delegates.html", context)


@doors.public
def voter(request: HttpRequest, governor: str, voter: str) -> HttpResponse:
    """One account: power, delegators, votes, proposals, and its statement, which anybody may report."""
    dao, address = _dao(governor), checked_address(voter)
    if address is None:
        raise Http404("No such account.")
    if address != voter:
        return redirect("governance:voter", dao.slug, address)
    found, form, status = reading.voter_of(dao, address), ReportForm(), 200
    if request.method == "POST":
        form = ReportForm(request.POST)
        if found.statement is not None and form.is_valid():
            delegating.report(found.statement, why=form.cleaned_data["why"])
            return redirect(f"{request.path}?reported=1")
        status = 422
    context = {
        "governor": dao,
        "voter": found,
        "statement": rendered(found.statement.text) if found.statement else "",
        "statement_form": StatementForm(initial={"statement": found.statement.text if found.statement else ""}),
        "form": form,
        "reported": "reported" in request.GET,
        "head": dao.latest_block(),
    }
    return render(request, "governance/voter.html", context, status=status)


@conversation
def statement_sign(body: dict[str, Any], governor: str, voter: str) -> dict[str, Any]:
    """The statement as typed data: what is signed is what is shown."""
    dao, values = _dao(governor), cleaned(StatementForm(body))
    author = cleaned(AddressForm(body))["address"]
    if author != checked_address(voter):
        raise No(_("Only this account itself can make its statement. Change to it in your wallet."))
    typed = delegating.statement_asked(dao, author, values["statement"])
    following = reverse("governance:statement_signed", args=[dao.slug, author])
    say = _("Sign your statement in your wallet. It costs nothing; everybody can read it.")
    return {"typed": typed, "say": say, "next": following, "with": typed["message"]}


@conversation
def statement_signed(body: dict[str, Any], governor: str, voter: str) -> dict[str, Any]:
    """Publish it once it is found to be signed by its author."""
    dao, values = _dao(governor), cleaned(StatementForm(body))
    author, at = cleaned(AddressForm(body))["address"], str(body.get("at", ""))
    if not at.isascii() or not at.isdigit() or len(at) > 12:
        raise No(_("The page sent something that is not understood here."))
    delegating.state(dao, author, values["statement"], int(at), str(body.get("signature", "")))
    return {"say": _("Published."), "go": reverse("governance:voter", args=[dao.slug, author]) + f"?said={at}"}


@doors.operator
def statements(request: HttpRequest, governor: str | None = None) -> HttpResponse:
    """What was reported or hidden, for the operators: hide with a reason, show again, or leave it."""
    dao = governor_or_own(governor)
    if dao is None:
        raise Http404("Nothing is mirrored yet.")
    form = HideForm()
    if request.method == "POST":
        comments = Comment.objects.filter(discussion__draft__governor=dao)
        unfinished = judge(request, comments) if "comment" in request.POST else _judge_statement(request, dao)
        if unfinished is None:
            return redirect("governance:statements", dao.slug)
        form = unfinished
    rows = reading.to_judge(dao)
    shown = [{"row": row, "html": rendered(row.text), "reports": list(row.reports.all())} for row in rows]
    drafts = Discussion.objects.of_governor(dao).order_by("-pk")[:PER_PAGE]
    context = {"governor": dao, "shown": shown, "comments": to_show(reporting.to_judge(dao)), "form": form,
               "drafts": drafts}  # fmt: skip
    return render(request, "governance/statements.html", context, status=422 if form.errors else 200)


def _judge_statement(request: HttpRequest, dao: Governor) -> HideForm | None:
    """Carry out what a moderator sent about a statement; the form if it says no why."""
    row = get_object_or_404(Statement, governor=dao, author=request.POST.get("author", ""))
    form = HideForm(request.POST)
    if "again" in request.POST:
        delegating.show_again(row)
    elif form.is_valid():
        delegating.hide(row, why=form.cleaned_data["why"])
    else:
        return form
    return None
