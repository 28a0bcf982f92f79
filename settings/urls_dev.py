"""What a developer's machine serves beside the market: the components in their states, and the mails that went out."""

from django.urls import path

from settings import mailpage
from settings.styleguide import styleguide
from settings.urls import handler429, websocket_urlpatterns
from settings.urls import urlpatterns as market

__all__ = ["handler429", "urlpatterns", "websocket_urlpatterns"]

urlpatterns = [
    *market,
    path("styleguide/", styleguide, name="styleguide"),
    path("mail/", mailpage.index, name="mails"),
    path("mail/<str:name>/", mailpage.one, name="mail"),
    path("mail/<str:name>/html/", mailpage.html, name="mail_html"),
]
