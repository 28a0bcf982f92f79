"""Addresses: an organization's own, and the console's."""

from django.urls import path

from marketplace.disputes.views import console, opening, public, workspace

ORG, ONE, CASE = "o/<slug:org>/disputes/", "<uuid:public_id>/", "console/disputes/"

app_name = "disputes"
urlpatterns = [
    path("rulings/", public.rulings, name="rulings"),
    path("rulings/feed/", public.feed, name="rulings_feed"),
    path(ORG, workspace.overview, name="list"),
    path(f"{ORG}deposits/<bytes32:escrow_id>/", opening.begin, name="open"),
    path(f"{ORG}{ONE}", workspace.detail, name="detail"),
    path(f"{ORG}{ONE}sign/", opening.sign, name="sign"),
    path(f"{ORG}{ONE}signed/", opening.signed, name="signed"),
    path(f"{ORG}{ONE}drop/", opening.drop, name="drop"),
    path(f"{ORG}{ONE}say/", workspace.say, name="say"),
    path(f"{ORG}{ONE}appeal/", workspace.appeal, name="appeal"),
    path(f"{ORG}{ONE}statement/", workspace.statement, name="statement"),
    path(f"{ORG}{ONE}reasoning/", workspace.reasoning, name="reasoning"),
    path(f"{ORG}{ONE}files/<int:file_id>/", workspace.file, name="file"),
    path(f"{ORG}{ONE}stop/", workspace.stop, name="stop"),
    path(f"{ORG}{ONE}stop/sent/", workspace.stop_sent, name="stop_sent"),
    path(f"{ORG}{ONE}timeout/", workspace.timeout, name="timeout"),
    path(f"{ORG}{ONE}timeout/sent/", workspace.timeout_sent, name="timeout_sent"),
    path(CASE, console.queue, name="console"),
    path(f"{CASE}{ONE}", console.case, name="case"),
    path(f"{CASE}{ONE}resolve/", console.resolve, name="resolve"),
    path(f"{CASE}{ONE}resolved/", console.resolved, name="resolved"),
    path(f"{CASE}{ONE}evidence/", console.evidence, name="case_evidence"),
    path(f"{CASE}{ONE}files/<int:file_id>/", console.file, name="case_file"),
]
