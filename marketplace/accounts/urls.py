"""Addresses."""

from django.urls import path

from marketplace.accounts.views import account, signing_in, wallets
from marketplace.accounts.views.language import language

app_name = "accounts"
urlpatterns = [
    path("", account.overview, name="overview"),
    path("language/", language, name="language"),
    path("login/wallet/", signing_in.sign_in, name="sign_in_with_wallet"),
    path("login/wallet/message/", signing_in.sign_in_message, name="sign_in_message"),
    path("login/wallet/unknown/", signing_in.unknown_wallet, name="unknown_wallet"),
    path("reauthenticate/wallet/", signing_in.confirm_with_wallet, name="confirm_with_wallet"),
    path("wallets/", wallets.wallets, name="wallets"),
    path("wallets/proven/", wallets.link_proven, name="link_proven"),
    path("wallets/message/", wallets.wallet_message, name="wallet_message"),
    path("wallets/<int:wallet_id>/payouts/", wallets.prefer, name="prefer_wallet"),
    path("wallets/<int:wallet_id>/unlink/", wallets.unlink, name="unlink_wallet"),
]
