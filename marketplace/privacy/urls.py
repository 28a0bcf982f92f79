"""Addresses."""

from django.urls import path

from marketplace.privacy import views

app_name = "privacy"
urlpatterns = [
    path("accounts/data/", views.person, name="person"),
    path("accounts/data/export/", views.person_export, name="person_export"),
    path("accounts/data/exports/<uuid:public_id>/", views.person_download, name="person_download"),
    path("accounts/data/erase/", views.person_erase, name="person_erase"),
    path("accounts/data/keep/", views.person_keep, name="person_keep"),
    path("o/<slug:org>/data/", views.organization, name="organization"),
    path("o/<slug:org>/data/export/", views.organization_export, name="organization_export"),
    path("o/<slug:org>/data/exports/<uuid:public_id>/", views.organization_download, name="organization_download"),
    path("o/<slug:org>/data/erase/", views.organization_erase, name="organization_erase"),
    path("o/<slug:org>/data/keep/", views.organization_keep, name="organization_keep"),
]
