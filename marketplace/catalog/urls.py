"""Addresses."""

from django.urls import path

from marketplace.catalog.views import browsing, comparing, selling, tool

app_name = "catalog"
urlpatterns = [
    path("browse/", browsing.browse, name="browse"),
    path("browse/suggestions/", browsing.suggestions, name="suggestions"),
    path("compare/", comparing.compare, name="compare"),
    path("tools/<slug:slug>/", tool.listing, name="listing"),
    path("tools/<slug:slug>/changes/", tool.history, name="history"),
    path("o/<slug:org>/listings/", selling.manage, name="manage"),
    path("o/<slug:org>/listings/new/", selling.create, name="create"),
    path("o/<slug:org>/listings/<slug:slug>/", selling.preview, name="preview"),
    path("o/<slug:org>/listings/<slug:slug>/edit/", selling.edit, name="edit"),
    path("o/<slug:org>/listings/<slug:slug>/submit/", selling.submit, name="submit"),
    path("o/<slug:org>/listings/<slug:slug>/retire/", selling.retire, name="retire"),
]
