"""Addresses."""

from django.urls import path

from marketplace.accounts import views

app_name = "accounts"
urlpatterns = [
    path("wallets/", views.wallets, name="wallets"),
    path("wallets/message/", views.wallet_message, name="wallet_message"),
    path("wallets/<int:wallet_id>/unlink/", views.unlink, name="unlink_wallet"),
]
