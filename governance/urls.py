"""Addresses. A governor is named by its slug or its address; without one it is the market's own."""

from django.urls import path

from governance import lists, views, wallet
from governance.consumers import ProposalConsumer
from governance.views import ballots, delegates, drafts, files, rules, treasury

app_name = "governance"
urlpatterns = [
    path("", lists.proposals, name="proposals"),
    path("daos/", lists.daos, name="daos"),
    path("propose/", views.propose, name="propose"),
    path("delegate/", views.delegate, name="delegate"),
    path("rules/", rules.rules, name="rules"),
    path("rules/<slug:rule>/", rules.rule, name="rule"),
    path("<slug:governor>/", lists.proposals, name="proposals"),
    path("<slug:governor>/propose/", views.propose, name="propose"),
    path("<slug:governor>/propose/send/", wallet.propose, name="propose_send"),
    path("<slug:governor>/drafts/", drafts.begin, name="drafts"),
    path("<slug:governor>/drafts/<slug:key>/", drafts.draft, name="draft"),
    path("<slug:governor>/drafts/<slug:key>/send/", drafts.send, name="draft_send"),
    path("<slug:governor>/delegate/", views.delegate, name="delegate"),
    path("<slug:governor>/delegate/send/", wallet.delegate, name="delegate_send"),
    path("<slug:governor>/delegate/sign/", delegates.sign, name="delegate_sign"),
    path("<slug:governor>/delegate/signed/", delegates.signed, name="delegate_signed"),
    path("<slug:governor>/delegate/<str:voter>/", delegates.life, name="delegation_life"),
    path("<slug:governor>/feed/", files.feed, name="feed"),
    path("<slug:governor>/calendar/", files.calendar, name="calendar"),
    path("<slug:governor>/rules/", rules.rules, name="rules"),
    path("<slug:governor>/treasury/", treasury.treasury, name="treasury"),
    path("<slug:governor>/treasury/csv/", treasury.treasury_csv, name="treasury_csv"),
    path("<slug:governor>/delegates/", delegates.delegates, name="delegates"),
    path("<slug:governor>/voters/<str:voter>/", delegates.voter, name="voter"),
    path("<slug:governor>/voters/<str:voter>/statement/sign/", delegates.statement_sign, name="statement_sign"),
    path("<slug:governor>/voters/<str:voter>/statement/signed/", delegates.statement_signed, name="statement_signed"),
    path("<slug:governor>/statements/", delegates.statements, name="statements"),
    path("<slug:governor>/sent/", wallet.sent, name="sent"),
    path("<slug:governor>/sent/<str:tx_hash>/", wallet.sent, name="sent"),
    path("<slug:governor>/<str:proposal_id>/", views.proposal, name="proposal"),
    path("<slug:governor>/<str:proposal_id>/standing/", views.standing, name="standing"),
    path("<slug:governor>/<str:proposal_id>/votes/", views.votes, name="votes"),
    path("<slug:governor>/<str:proposal_id>/votes/csv/", files.votes_csv, name="votes_csv"),
    path("<slug:governor>/<str:proposal_id>/votes/json/", files.votes_json, name="votes_json"),
    path("<slug:governor>/<str:proposal_id>/eligibility/", views.eligible, name="eligibility"),
    path("<slug:governor>/<str:proposal_id>/connect/", wallet.connect, name="connect"),
    path("<slug:governor>/<str:proposal_id>/ballot/", wallet.ballot, name="ballot"),
    path("<slug:governor>/<str:proposal_id>/ballot/sign/", ballots.sign, name="ballot_sign"),
    path("<slug:governor>/<str:proposal_id>/ballot/signed/", ballots.signed, name="ballot_signed"),
    path("<slug:governor>/<str:proposal_id>/ballots/<str:voter>/", ballots.life, name="ballot_life"),
    path("<slug:governor>/<str:proposal_id>/ballots/<str:voter>/file/", ballots.download, name="ballot_file"),
    path("<slug:governor>/<str:proposal_id>/ballots/<str:voter>/send/", ballots.hand_over, name="ballot_send"),
    path("<slug:governor>/<str:proposal_id>/ballots/<str:voter>/again/", ballots.again, name="ballot_again"),
    path("<slug:governor>/<str:proposal_id>/act/", wallet.act, name="act"),
]
websocket_urlpatterns = [
    path("ws/governance/<slug:governor>/<str:proposal_id>/", ProposalConsumer.as_asgi()),
]
