"""Addresses. The way in is public; the rest stands under the organization."""

from django.urls import path

from marketplace.subscriptions import views

app_name = "subscriptions"
urlpatterns = [
    path("tools/<slug:slug>/subscribe/", views.start, name="start"),
    path("o/<slug:org>/subscribe/<int:plan_id>/", views.checkout, name="checkout"),
    path("o/<slug:org>/subscriptions/", views.bought, name="list"),
    path("o/<slug:org>/subscriptions/<uuid:public_id>/", views.detail, name="detail"),
    path("o/<slug:org>/sales/", views.sales, name="sales"),
]
