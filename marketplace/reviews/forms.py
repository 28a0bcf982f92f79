"""The shape of a review, an answer, and a moderator's reason."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.reviews.models import Hideable

State = Hideable.State

STARS = [
    ("5", _("5 – does all that I hoped")),
    ("4", _("4 – good, with small faults")),
    ("3", _("3 – does the job")),
    ("2", _("2 – less than it promises")),
    ("1", _("1 – of no use to us")),
]


class ReviewForm(forms.Form):
    """`seen` is the number of the wording that was on show: what a colleague wrote meanwhile is not lost."""

    stars = forms.TypedChoiceField(
        coerce=int, choices=STARS, widget=forms.RadioSelect, label=_("How well does it work for you?")
    )
    title = forms.CharField(max_length=80, label=_("In one line"))
    text = forms.CharField(
        max_length=4000,
        label=_("What should others know?"),
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=_(
            "What you use it for, what it does well, where it falls short. Markdown works: **bold**, lists, links."
        ),
    )
    seen = forms.IntegerField(min_value=0, max_value=1_000_000, initial=0, widget=forms.HiddenInput)


class AnswerForm(forms.Form):
    text = forms.CharField(
        max_length=2000,
        label=_("Your answer"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "Everybody reads it. You can answer once, and not change it afterwards. Markdown works: **bold**, lists."
        ),
    )


class ReasonForm(forms.Form):
    """Why something is hidden, or shown again; `what` is the review or its answer."""

    what = forms.ChoiceField(choices=[("review", "review"), ("answer", "answer")], widget=forms.HiddenInput)
    to = forms.ChoiceField(choices=Hideable.State.choices, widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=500,
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever wrote it reads this."),
    )

    def __init__(self, data: Any = None, *, what: str, thing: Hideable | None) -> None:
        """For `thing` as it is: what is shown can be hidden, and the reverse."""
        to = State.SHOWN if thing and thing.state == State.HIDDEN else State.HIDDEN
        super().__init__(data, initial={"what": what, "to": to}, auto_id=f"{what}_%s")
