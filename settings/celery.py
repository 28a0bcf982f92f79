"""Celery: rows wait in PostgreSQL, and these clocks come by to pick them up."""

import os
import sys

from celery import Celery
from celery.schedules import crontab
from celery.signals import task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings.production")

app = Celery("guildhall")
app.conf.update(
    broker_url=os.environ.get("REDIS_URL"),
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    timezone="UTC",
    # Celery would close the connections after every task, and a new one costs the database more than most tasks do.
    CELERY_DB_REUSE_MAX=sys.maxsize,
)
task_prerun.connect(close_old_connections)  # as Django does before a request: one that broke or is too old is replaced
app.autodiscover_tasks()


def every(seconds: float, task: str) -> dict[str, object]:
    """A beat entry that is dropped if no worker took it before the next one is due."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds * 2}}


def each_night(task: str) -> dict[str, object]:
    """An entry for half past two (UTC): beat forgets how long a day has lasted whenever it starts anew."""
    return {"task": task, "schedule": crontab(hour=2, minute=30), "options": {"expires": 3600.0}}


app.conf.beat_schedule = {
    "watch the chain": every(1.0, "chain.tasks.watch"),
    "send transactions": every(1.0, "chain.tasks.send"),
    "mail alarms": every(10.0, "chain.tasks.tell_operators"),
    "settle the escrow": every(1.0, "marketplace.escrow.tasks.settle"),
    "release matured periods": every(5.0, "marketplace.escrow.tasks.release"),
    "pay for calls": every(5.0, "marketplace.escrow.tasks.pay_for_calls"),
    "compare the books": every(5.0, "marketplace.escrow.tasks.reconcile"),
    "follow disputes": every(2.0, "marketplace.disputes.tasks.follow"),
    "gather proofs": every(5.0, "marketplace.escrow.tasks.gather_proofs"),
    "issue invoices": every(30.0, "marketplace.escrow.tasks.issue_invoices"),
    "issue statements": every(600.0, "marketplace.escrow.tasks.issue_statements"),
    "end subscriptions": every(5.0, "marketplace.subscriptions.tasks.end_lapsed"),
    "announce versions": every(30.0, "marketplace.subscriptions.tasks.announce_versions"),
    "note what ends soon": every(30.0, "marketplace.subscriptions.tasks.note_ending"),
    "expire orders": every(30.0, "marketplace.subscriptions.tasks.expire_orders"),
    "open review cases": every(2.0, "marketplace.moderation.tasks.open_cases"),
    "mail invitations": every(2.0, "marketplace.organizations.tasks.send_invitations"),
    "look up domains": every(2.0, "marketplace.organizations.tasks.check_domains"),
    "run tools": every(1.0, "marketplace.gateway.tasks.run_waiting"),
    "run tries": every(1.0, "marketplace.gateway.tasks.run_trials"),
    "forget tries": every(3600.0, "marketplace.gateway.tasks.forget_trials"),
    "run tests of services": every(1.0, "marketplace.gateway.tasks.run_tests"),
    "forget tests of services": every(3600.0, "marketplace.gateway.tasks.forget_tests"),
    "give back lost calls": every(30.0, "marketplace.gateway.tasks.give_back_lost_calls"),
    "watch new tools": every(15.0, "marketplace.gateway.tasks.watch_public"),
    "probe tools": every(5.0, "marketplace.gateway.tasks.probe_due"),
    "forget old probes": every(3600.0, "marketplace.gateway.tasks.forget_probes"),
    "tell people": every(2.0, "marketplace.notifications.tasks.read_entries"),
    "send e-mails": every(5.0, "marketplace.notifications.tasks.send_mails"),
    "ask for reviews": every(300.0, "marketplace.reviews.tasks.invite"),
    "keep how long reviewers use": every(3600.0, "marketplace.reviews.tasks.keep_months"),
    "make exports": every(5.0, "marketplace.privacy.tasks.make_exports"),
    "erase": every(60.0, "marketplace.privacy.tasks.erase"),
    "index the shop": every(1.0, "marketplace.catalog.tasks.index_changes"),
    "weigh listings": every(300.0, "marketplace.catalog.tasks.weigh_listings"),
    "count the words of the shop": each_night("marketplace.catalog.tasks.rebuild_search"),
    "forget unused pictures": every(3600.0, "marketplace.catalog.tasks.forget_pictures"),
    "mirror governance": every(1.0, "governance.tasks.mirror"),
    "simulate proposals": every(10.0, "governance.tasks.simulate"),
    "forget drafts of proposals": every(3600.0, "governance.tasks.forget_drafts"),
    "follow drafts of proposals": every(10.0, "governance.tasks.follow_drafts"),
    "follow treasuries": every(15.0, "governance.tasks.follow_treasuries"),
    "compare governance": every(15.0, "governance.tasks.check"),
}
