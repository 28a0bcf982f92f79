"""Addresses below /api/v1/governance/. A DAO is named by its slug or its address."""

from django.urls import path

from governance.api import ballots, daos, discussions, proposals, treasury

urlpatterns = [
    path("daos/", daos.dao_list, name="api-daos"),
    path("daos/<slug:governor>/", daos.dao_detail, name="api-dao"),
    path("daos/<slug:governor>/delegates/", daos.delegate_list, name="api-delegates"),
    path("daos/<slug:governor>/treasury/", treasury.treasury, name="api-treasury"),
    path("daos/<slug:governor>/voters/<str:voter>/", daos.voter_detail, name="api-voter"),
    path("daos/<slug:governor>/discussions/", discussions.discussion_list, name="api-discussions"),
    path("daos/<slug:governor>/discussions/<slug:discussion>/", discussions.discussion_detail, name="api-discussion"),
    path("daos/<slug:governor>/discussions/<slug:discussion>/comments/", discussions.comment_list, name="api-comments"),
    path("daos/<slug:governor>/proposals/", proposals.proposal_list, name="api-proposals"),
    path("daos/<slug:governor>/proposals/<str:proposal_id>/", proposals.proposal_detail, name="api-proposal"),
    path("daos/<slug:governor>/proposals/<str:proposal_id>/votes/", proposals.vote_list, name="api-votes"),
    path("daos/<slug:governor>/proposals/<str:proposal_id>/ballots/", ballots.ballots, name="api-ballots"),
    path("daos/<slug:governor>/proposals/<str:proposal_id>/ballots/typed-data/", ballots.typed_data, name="api-typed"),
    path("daos/<slug:governor>/proposals/<str:proposal_id>/ballots/<str:voter>/", ballots.ballot_detail,
         name="api-ballot"),
]  # fmt: skip
