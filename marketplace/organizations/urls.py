"""Addresses."""

from django.urls import path

from marketplace.organizations.views import billing, home, invitations, members, onboarding, verification, voting

app_name = "organizations"
urlpatterns = [
    path("", home.mine, name="mine"),
    path("new/", onboarding.create, name="create"),
    path("new/vote/", voting.find, name="find_vote"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    path("<slug:org>/", home.home, name="home"),
    path("<slug:org>/start/who/", onboarding.who, name="onboard_who"),
    path("<slug:org>/start/want/", onboarding.want, name="onboard_want"),
    path("<slug:org>/start/people/", onboarding.people, name="onboard_people"),
    path("<slug:org>/start/wallet/", onboarding.wallet, name="onboard_wallet"),
    path("<slug:org>/members/", members.members, name="members"),
    path("<slug:org>/members/roles/", members.roles, name="roles"),
    path("<slug:org>/members/invite/", members.invite, name="invite"),
    path("<slug:org>/members/leave/", members.leave, name="leave"),
    path("<slug:org>/members/<int:membership_id>/", members.member, name="member"),
    path("<slug:org>/members/<int:membership_id>/remove/", members.remove, name="remove_member"),
    path("<slug:org>/members/<int:membership_id>/transfer/", members.transfer, name="transfer"),
    path("<slug:org>/invitations/<int:invitation_id>/resend/", members.resend, name="resend"),
    path("<slug:org>/invitations/<int:invitation_id>/revoke/", members.revoke, name="revoke"),
    path("<slug:org>/settings/", home.settings, name="settings"),
    path("<slug:org>/settings/billing/", billing.billing, name="billing"),
    path("<slug:org>/settings/payouts/", home.payouts, name="payouts"),
    path("<slug:org>/votes/", voting.overview, name="votes"),
    path("<slug:org>/votes/ask/", voting.ask, name="ask_vote"),
    path("<slug:org>/votes/<uuid:public_id>/", voting.vote, name="vote"),
    path("<slug:org>/verification/", verification.verification, name="verification"),
    path("<slug:org>/verification/ask/", verification.ask, name="ask_verification"),
    path("<slug:org>/verification/domain/", verification.domain, name="name_domain"),
    path("<slug:org>/verification/documents/", verification.add_document, name="add_document"),
    path("<slug:org>/verification/documents/<int:document_id>/", verification.document, name="document"),
    path(
        "<slug:org>/verification/documents/<int:document_id>/remove/",
        verification.remove_document,
        name="remove_document",
    ),
]
