"""Addresses."""

from django.urls import path

from marketplace.catalog.views import browsing, selling, tool, writing

app_name = "catalog"
urlpatterns = [
    path("browse/", browsing.browse, name="browse"),
    path("browse/suggestions/", browsing.suggestions, name="suggestions"),
    path("tools/<slug:slug>/", tool.listing, name="listing"),
    path("tools/<slug:slug>/changes/", tool.history, name="history"),
    path("o/<slug:org>/listings/", selling.manage, name="manage"),
    path("o/<slug:org>/listings/new/", writing.create, name="create"),
    path("o/<slug:org>/listing-text/", writing.preview_prose, name="prose"),
    path("o/<slug:org>/listings/<slug:slug>/", selling.preview, name="preview"),
    path("o/<slug:org>/listings/<slug:slug>/edit/", writing.edit, {"step": "what"}, name="edit"),
    path("o/<slug:org>/listings/<slug:slug>/edit/calls/", writing.edit, {"step": "calls"}, name="edit_calls"),
    path("o/<slug:org>/listings/<slug:slug>/edit/plans/", writing.edit, {"step": "plans"}, name="edit_plans"),
    path("o/<slug:org>/listings/<slug:slug>/edit/data/", writing.edit, {"step": "data"}, name="edit_data"),
    path("o/<slug:org>/listings/<slug:slug>/submit/", selling.submit, name="submit"),
    path("o/<slug:org>/listings/<slug:slug>/retire/", selling.retire, name="retire"),
]
