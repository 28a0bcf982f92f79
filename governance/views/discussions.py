"""Drafts that everybody may read: the list, one with what is said of it, speaking by wallet, hiding by operators."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance import discussing, discussions, doors, drafting, reporting
from governance.facts import Facts
from governance.forms import AddressForm, CommentForm, CommentReportForm, HideForm
from governance.markdown import rendered
from governance.models import Comment, Discussion
from governance.power import threshold
from governance.reading import governor_named
from governance.refusing import No, cleaned
from governance.views.drafts import draft_or_404
from governance.views.drafts import page as page_of_draft
from governance.wallet import conversation
from governance.words import amount

PER_PAGE = 20


def discussion_or_404(governor: str, public_id: str) -> Discussion:
    dao = get_object_or_404(governor_named(governor))
    return get_object_or_404(Discussion.objects.of_governor(dao), public_id=public_id)


def _seconds(body: dict[str, Any]) -> int:
    at = str(body.get("at", ""))
    if not at.isascii() or not at.isdigit() or len(at) > 12:
        raise No(_("The page sent something that is not understood here."))
    return int(at)


@doors.public
@require_safe
def listed(request: HttpRequest, governor: str) -> HttpResponse:
    """All drafts that are or were discussed, newest first."""
    dao = get_object_or_404(governor_named(governor))
    page = Paginator(discussions.discussed(dao), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "governance/discussions.html", {"governor": dao, "page": page})


@doors.public
@require_safe
def discussion(request: HttpRequest, governor: str, discussion: str) -> HttpResponse:
    """One draft: what it would change, whether it would work, its words, and what people say of it."""
    row = discussion_or_404(governor, discussion)
    draft, dao = row.draft, row.draft.governor
    context: dict[str, Any] = {"governor": dao, "discussion": row, "reported": "reported" in request.GET}
    if row.hidden_at is None:
        page = discussions.comments_of(row, request.GET.get("page"))
        context |= {
            "draft": draft,
            "effects": discussions.effects_of(draft),
            "description": rendered(drafting.text_of(draft), title=draft.title),
            "opened_with": amount(row.power, dao.token),
            "needed": amount(threshold(dao), dao.token),
            "ready": bool(draft.calls and draft.title and draft.why),
            "proposal": drafting.proposal_of(draft) if draft.proposed is not None else None,
            "page": page,
            "threads": discussions.threads(row, page),
            **(discussions.tried(draft) if draft.calls and "try" in request.GET else {}),
        }
    return render(request, "governance/discussion.html", context)


@conversation
def open_sign(body: dict[str, Any], governor: str, key: str) -> dict[str, Any]:
    """What to sign so that everybody may read a draft."""
    draft, account = draft_or_404(governor, key), cleaned(AddressForm(body))["address"]
    typed = discussing.opening_asked(draft, account)
    say = _("Sign in your wallet that this draft may be discussed. It costs nothing; everybody can read it then.")
    following = reverse("governance:draft_opened", args=[draft.governor.slug, key])
    return {"typed": typed, "say": say, "next": following, "with": typed["message"]}


@conversation
def opened(body: dict[str, Any], governor: str, key: str) -> dict[str, Any]:
    """Give the draft its public address."""
    draft, account = draft_or_404(governor, key), cleaned(AddressForm(body))["address"]
    public_id, signature = str(body.get("discussion", "")), str(body.get("signature", ""))
    row = discussing.open_for_all(draft, account, public_id=public_id, at=_seconds(body), signature=signature)
    place = reverse("governance:discussion", args=[draft.governor.slug, row.public_id])
    return {"say": _("Everybody can read it now."), "go": place}


@doors.public
@require_POST
def close(request: HttpRequest, governor: str, key: str) -> HttpResponse:
    """End the discussion, for whoever has the draft's link."""
    draft = draft_or_404(governor, key)
    discussing.close(draft)
    return redirect("governance:draft", draft.governor.slug, key)


@doors.public
@require_POST
def reopen(request: HttpRequest, governor: str, key: str) -> HttpResponse:
    """Let the discussion go on, for whoever has the draft's link."""
    draft = draft_or_404(governor, key)
    try:
        discussing.open_again(draft)
    except No as no:
        return page_of_draft(request, draft, key, Facts.of(draft.governor), 422, problem=str(no))
    return redirect("governance:draft", draft.governor.slug, key)


@conversation
def say(body: dict[str, Any], governor: str, discussion: str) -> dict[str, Any]:
    """A comment as typed data: what is signed is what is shown."""
    row, author, values = _spoken(body, governor, discussion)
    typed = discussing.comment_asked(row, author, values["comment"], values["answers"] or 0)
    sentence = _("Sign your comment in your wallet. It costs nothing; everybody can read it.")
    following = reverse("governance:discussion_said", args=[row.draft.governor.slug, row.public_id])
    return {"typed": typed, "say": sentence, "next": following, "with": typed["message"]}


def _spoken(body: dict[str, Any], governor: str, discussion: str) -> tuple[Discussion, str, dict[str, Any]]:
    row = discussion_or_404(governor, discussion)
    return row, cleaned(AddressForm(body))["address"], cleaned(CommentForm(body))


@conversation
def said(body: dict[str, Any], governor: str, discussion: str) -> dict[str, Any]:
    """Publish it once it is found to be signed by its author."""
    row, author, values = _spoken(body, governor, discussion)
    answers, signature = values["answers"] or 0, str(body.get("signature", ""))
    made = discussing.say(row, author, values["comment"], answers=answers, at=_seconds(body), signature=signature)
    return {"say": _("Published."), "go": discussions.address_of(made)}


def _comment_or_404(governor: str, discussion: str, comment: int) -> Comment:
    row = discussion_or_404(governor, discussion)
    return get_object_or_404(row.comments.select_related("discussion__draft__governor"), pk=comment)


@conversation
def withdraw(body: dict[str, Any], governor: str, discussion: str, comment: int) -> dict[str, Any]:
    """What its author signs to take a comment back."""
    row, author = _comment_or_404(governor, discussion, comment), cleaned(AddressForm(body))["address"]
    typed = discussing.withdrawal_asked(row, author)
    following = reverse("governance:comment_withdrawn", args=[governor, discussion, comment])
    sentence = _("Sign in your wallet that you take it back. The words are deleted here for good.")
    return {"typed": typed, "say": sentence, "next": following, "with": {"at": typed["message"]["at"]}}


@conversation
def withdrawn(body: dict[str, Any], governor: str, discussion: str, comment: int) -> dict[str, Any]:
    """Delete the words."""
    row = _comment_or_404(governor, discussion, comment)
    discussing.withdraw(row, at=_seconds(body), signature=str(body.get("signature", "")))
    return {"say": _("Taken back."), "go": row.discussion.get_absolute_url()}


@doors.public
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, governor: str, discussion: str, comment: int) -> HttpResponse:
    """Tell the moderators that a comment breaks the rules."""
    row = _comment_or_404(governor, discussion, comment)
    if row.discussion.hidden_at is not None or not row.is_readable:
        raise Http404("No such comment.")
    form, status, seconds = CommentReportForm(request.POST or None), 200, 0
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                reporting.report(row, place=doors.place(request), **form.cleaned_data)
            except No as no:
                form.add_error(None, str(no))
                if isinstance(no, reporting.Later):
                    status, seconds = 429, no.seconds
            else:
                return redirect(discussions.address_of(row, reported="1"))
    context = {"governor": row.discussion.draft.governor, "discussion": row.discussion, "comment": row, "form": form,
               "html": rendered(row.text), "back": discussions.address_of(row)}  # fmt: skip
    answer = render(request, "governance/report_comment.html", context, status=status)
    answer["X-Robots-Tag"] = "noindex"
    if seconds:
        answer["Retry-After"] = str(seconds)
    return answer


def judge(request: HttpRequest, comments: QuerySet[Comment], whole: Discussion | None = None) -> HideForm | None:
    """Carry out what a moderator sent about one of these comments, or all of it; the form if it says no why."""
    number = request.POST.get("comment", "")
    asked = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
    judged: Comment | Discussion = whole if whole and not number else get_object_or_404(comments, pk=asked)
    form = HideForm(request.POST)
    if "again" in request.POST:
        discussing.show_again(judged)
    elif form.is_valid():
        discussing.hide(judged, why=form.cleaned_data["why"])
    else:
        return form
    return None


@doors.operator
def moderate(request: HttpRequest, governor: str, discussion: str) -> HttpResponse:
    """For the operators: hide a comment, or all of the discussion, with a reason; show it again, or leave it."""
    row, form = discussion_or_404(governor, discussion), HideForm()
    if request.method == "POST":
        unfinished = judge(request, row.comments.all(), row)
        if unfinished is None:
            return redirect(request.get_full_path())
        form = unfinished
    page = Paginator(reporting.reported_first(row.comments.all()), discussions.PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {"governor": row.draft.governor, "discussion": row, "shown": to_show(list(page.object_list)),
               "page": page, "form": form}  # fmt: skip
    return render(request, "governance/moderate_discussion.html", context, status=422 if form.errors else 200)


def to_show(comments: list[Comment]) -> list[dict[str, Any]]:
    """Comments as moderators read them, each with what its open reports say."""
    told = reporting.told(comments)
    return [{"row": each, "html": rendered(each.text), "told": told.get(each.pk)} for each in comments]
