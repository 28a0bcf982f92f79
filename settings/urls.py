"""Every address of the market."""

from django.urls import include, path

import governance.urls
from settings import health, sitemap
from settings.guessed import favicon, robots
from settings.landing import landing

urlpatterns = [
    path("", landing, name="landing"),
    path("", include("marketplace.catalog.urls")),
    path("", include("marketplace.privacy.urls")),
    path("accounts/", include("marketplace.accounts.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/factors/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("o/", include("marketplace.organizations.urls")),
    path("", include("marketplace.subscriptions.urls")),
    path("o/<slug:org>/", include("marketplace.escrow.urls")),
    path("", include("marketplace.gateway.urls")),
    path("", include("marketplace.notifications.urls")),
    path("", include("marketplace.reviews.urls")),
    path("", include("marketplace.disputes.urls")),
    path("console/", include("marketplace.moderation.urls")),
    path("", include("marketplace.moderation.reports_urls")),
    path("governance/", include("governance.urls")),
    path("api/v1/", include("settings.api")),
    path("favicon.ico", favicon, name="favicon"),
    path("robots.txt", robots, name="robots"),
    path("sitemap.xml", sitemap.index, name="sitemap"),
    path("sitemap-pages.xml", sitemap.pages, name="sitemap_pages"),
    path("sitemap-tools-<int:part>.xml", sitemap.tools, name="sitemap_tools"),
    path("healthz", health.live, name="healthz"),
    path("readyz", health.ready, name="readyz"),
]
handler404 = "settings.answers.not_found"
handler429 = "marketplace.accounts.middleware.too_many_requests"
websocket_urlpatterns = governance.urls.websocket_urlpatterns
