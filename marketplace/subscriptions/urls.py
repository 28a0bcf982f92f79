"""Addresses. The way in is public; the rest stands under the organization."""

from django.urls import path

from marketplace.subscriptions.views import buying, further, spending

app_name = "subscriptions"
urlpatterns = [
    path("tools/<slug:slug>/subscribe/", buying.start, name="start"),
    path("o/<slug:org>/subscribe/<int:plan_id>/", buying.checkout, name="checkout"),
    path("o/<slug:org>/subscriptions/", buying.bought, name="list"),
    path("o/<slug:org>/subscriptions/<uuid:public_id>/", buying.detail, name="detail"),
    path("o/<slug:org>/subscriptions/<uuid:public_id>/stop/", buying.stop, name="stop"),
    path("o/<slug:org>/subscriptions/<uuid:public_id>/further/", further.further, name="further"),
    path("o/<slug:org>/spending/", spending.overview, name="spending"),
    path("o/<slug:org>/spending/requests/<uuid:public_id>/", spending.asked, name="asked"),
    path("o/<slug:org>/sales/", buying.sales, name="sales"),
]
