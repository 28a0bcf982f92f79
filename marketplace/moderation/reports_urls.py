"""Addresses outside of the console: where people report, and where a provider reads what was decided."""

from django.urls import path

from marketplace.moderation import report_views

app_name = "reports"
urlpatterns = [
    path("tools/<slug:slug>/report/", report_views.report, name="report"),
    path("o/<slug:org>/listings/<slug:slug>/moderation/", report_views.decided, name="decided"),
]
