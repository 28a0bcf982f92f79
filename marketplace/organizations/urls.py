"""Addresses."""

from django.urls import path

from marketplace.organizations import views

app_name = "organizations"
urlpatterns = [
    path("", views.mine, name="mine"),
    path("new/", views.create, name="create"),
    path("<slug:org>/", views.home, name="home"),
    path("<slug:org>/members/", views.members, name="members"),
    path("<slug:org>/settings/", views.settings, name="settings"),
    path("<slug:org>/settings/payouts/", views.payouts, name="payouts"),
    path("<slug:org>/settings/verification/", views.verification, name="verification"),
]
