"""The HTML of a mail, made from its text: paragraphs stay paragraphs, a line that is an address becomes a button."""

from django.conf import settings
from django.template.loader import render_to_string


def as_html(subject: str, text: str) -> str:
    """The market's frame around `text`, which is plain text with a blank line between paragraphs."""
    parts = [" ".join(part.split("\n")) for part in text.strip().split("\n\n")]
    shown = [
        {"url" if part.startswith(("https://", "http://")) and " " not in part else "text": part} for part in parts
    ]
    return render_to_string("account/email/frame.html", {"subject": subject, "parts": shown, "home": settings.BASE_URL})
