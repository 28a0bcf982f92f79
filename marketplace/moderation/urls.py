"""Addresses."""

from django.urls import path

from marketplace.moderation import pictures, relayer, views

app_name = "moderation"
urlpatterns = [
    path("", views.queue, name="queue"),
    path("chain/", views.chain, name="chain"),
    path("fees/", relayer.relayer, name="relayer"),
    path("chain/check/", views.check_books, name="check_books"),
    path("pictures/<slug:digest>.webp", pictures.picture, name="picture"),
    path("cases/<int:case_id>/", views.case, name="case"),
    path("cases/<int:case_id>/documents/<int:document_id>/", views.document, name="document"),
]
