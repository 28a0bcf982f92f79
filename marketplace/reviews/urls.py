"""Addresses: what everybody reads, an organization's own, the console's."""

from django.urls import path

from marketplace.reviews.views import console, public, workspace

app_name = "reviews"
urlpatterns = [
    path("tools/<slug:slug>/reviews/", public.of_listing, name="of_listing"),
    path("o/<slug:org>/reviews/", workspace.overview, name="overview"),
    path("o/<slug:org>/reviews/<slug:slug>/", workspace.write, name="write"),
    path("o/<slug:org>/reviews/<int:review_id>/answer/", workspace.answer, name="answer"),
    path("console/reviews/", console.newest, name="console"),
    path("console/reviews/<int:review_id>/", console.one, name="moderate"),
]
