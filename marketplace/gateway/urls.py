"""Addresses."""

from django.urls import path

from marketplace.gateway import api, testing_views, trial_views, views

app_name = "gateway"
urlpatterns = [
    path("gw/<slug:slug>/", api.call, name="call"),
    path("tools/<slug:slug>/try/", trial_views.attempt, name="try"),
    path("tools/<slug:slug>/try/<uuid:public_id>/", trial_views.trial, name="trial"),
    path("o/<slug:org>/use/", views.tools, name="use"),
    path("o/<slug:org>/use/<slug:slug>/", views.use, name="form"),
    path("o/<slug:org>/runs/<uuid:public_id>/", views.run, name="run"),
    path("o/<slug:org>/keys/", views.keys, name="keys"),
    path("o/<slug:org>/keys/<int:key_id>/revoke/", views.revoke, name="revoke"),
    path("o/<slug:org>/keys/<int:key_id>/limit/", views.limit, name="limit"),
    path("o/<slug:org>/usage/", views.usage, name="usage"),
    path("o/<slug:org>/listings/<slug:slug>/service-key/", views.service_key, name="service_key"),
    path("o/<slug:org>/listings/<slug:slug>/test/", testing_views.endpoint, name="test"),
    path("o/<slug:org>/listings/<slug:slug>/trial/", trial_views.terms, name="trial_terms"),
]
