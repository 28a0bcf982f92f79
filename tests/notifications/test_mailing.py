"""E-mails: both forms, stable under a crash, patient with a mail server that is down, and easy to stop."""

import re
import threading
from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.notifications import mailing, services
from marketplace.notifications.models import Kind, Notification, Preference
from marketplace.organizations.models import Membership, Organization
from marketplace.tenancy.scope import as_system
from tests import world

pytestmark = pytest.mark.django_db


@world.written
def due(user: User, org: Organization | None = None, **fields: Any) -> Notification:
    defaults = {"entry_id": Notification.objects.count() + 1, "kind": "orders", "rule": "order.expired/0"}
    now = timezone.now()
    fields = {"path": "/browse/", "at": now, "mail_due_at": now - timedelta(seconds=1), **defaults, **fields}
    return Notification.objects.create(user=user, org=org, **fields)


@world.written
def again(notice: Notification) -> Notification:
    notice.refresh_from_db()
    return notice


@world.written
def make_due(notice: Notification) -> None:
    Notification.objects.filter(pk=notice.pk).update(mail_due_at=timezone.now())


def test_a_mail_says_the_same_as_text_and_as_html_and_leads_there() -> None:
    due(world.person("Ada"))
    assert mailing.send_due() == 1
    sent: Any = mail.outbox[0]
    html = sent.alternatives[0][0]
    assert sent.to == ["ada@example.com"]
    assert sent.subject == "Your order of a tool was not paid in time and has expired."
    for form in (sent.body, html):
        assert sent.subject in form
        assert "http://127.0.0.1:8000/browse/" in form
    assert "style=" not in html and "<script" not in html


def test_a_name_with_markup_stays_text_and_starts_no_header() -> None:
    ada = world.person("Ada")
    evil = world.organization("<b>x</b>\r\nBcc: all@example.com", slug="evil", owner=ada)
    due(ada, evil, rule="organization.verified/0", facts={"org": evil.pk})
    mailing.send_due()
    sent: Any = mail.outbox[0]
    assert "\n" not in sent.subject
    assert "Bcc" not in sent.message()
    assert "<b>x</b>" not in sent.alternatives[0][0]
    assert "<b>x</b>" in sent.body


def test_a_crash_between_sending_and_noting_repeats_the_mail_under_the_same_id(monkeypatch: pytest.MonkeyPatch) -> None:
    notice = due(world.person("Ada"))
    with monkeypatch.context() as crash:
        crash.setattr(mailing, "_note", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            mailing.send_due()
    assert mailing.send_due() == 0, "nobody else sends it while the first may still be at it"
    make_due(notice)
    assert mailing.send_due() == 1
    first, second = (message.message()["Message-ID"] for message in mail.outbox)
    assert first == second == f"<{notice.public_id}@127.0.0.1>"
    assert again(notice).mail_due_at is None


def test_a_mail_server_that_is_down_is_asked_again_later_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    notice = due(world.person("Ada"))

    def down(self: object) -> int:
        raise SMTPServerDisconnected

    with monkeypatch.context() as broken:
        broken.setattr(EmailMultiAlternatives, "send", down)
        for attempt in range(1, mailing.MOST_ATTEMPTS + 1):
            before = timezone.now()
            assert mailing.send_due() == 0
            tried = again(notice)
            assert tried.mail_attempts == attempt
            if attempt < mailing.MOST_ATTEMPTS:
                assert tried.mail_due_at and tried.mail_due_at >= before + mailing.wait(attempt)
                make_due(notice)
    assert again(notice).mail_due_at is None
    assert again(notice).mail_problem == "SMTPServerDisconnected"
    assert mailing.wait(1) == timedelta(minutes=2) and mailing.wait(30) == mailing.LONGEST_WAIT


def test_an_address_that_does_not_exist_is_tried_once_and_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong, right = due(world.person("Wrong")), due(world.person("Right"))
    deliver = EmailMultiAlternatives.send

    def picky(self: EmailMultiAlternatives) -> int:
        if self.to == ["wrong@example.com"]:
            raise SMTPRecipientsRefused({})
        return deliver(self)

    monkeypatch.setattr(EmailMultiAlternatives, "send", picky)
    assert mailing.send_due() == 1
    assert again(wrong).mail_due_at is None and again(wrong).mailed_at is None
    assert again(right).mailed_at is not None


def test_who_has_left_meanwhile_gets_no_mail() -> None:
    ada, bakery = world.person("Ada"), world.organization("Bakery")
    membership = world.member(bakery, ada, "owner")
    notice = due(ada, bakery)
    world.written(lambda: Membership.objects.filter(pk=membership.pk).delete())()
    assert mailing.send_due() == 0
    assert mail.outbox == [] and again(notice).mail_due_at is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_mail_once() -> None:
    ada = world.person("Ada")
    for _ in range(12):
        due(ada)
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        mailing.send_due()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [message.message()["Message-ID"] for message in mail.outbox]
    assert len(ids) == len(set(ids)) == 12


def stop_link() -> str:
    header = mail.outbox[-1].message()["List-Unsubscribe"]
    found = re.fullmatch(r"<http://127\.0\.0\.1:8000(/\S+)>", header.replace("\n ", "").replace("\n", ""))
    assert found, header
    return found[1]


def test_a_mailbox_stops_the_mails_with_one_request_and_the_inbox_stays(client: Client) -> None:
    ada = world.person("Ada")
    due(ada)
    mailing.send_due()
    assert mail.outbox[0].message()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = stop_link()
    assert client.get(link).status_code == 200
    with transaction.atomic(), as_system("the test looks"):
        assert not Preference.objects.exists(), "looking at the link stops nothing: mail scanners do that"
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(link, "List-Unsubscribe=One-Click", content_type="text/plain").status_code == 200
    with transaction.atomic(), as_system("the test looks"):
        row = Preference.objects.get()
    assert (row.user_id, row.kind, row.in_inbox, row.by_mail) == (ada.pk, "orders", True, False)


def test_a_link_that_we_did_not_make_stops_nothing(client: Client) -> None:
    ada = world.person("Ada")
    token = services.mail_token(ada.pk, Kind.ORDERS)
    for wrong in (token[:-2] + "xx", "x", services.signing.dumps([ada.pk, "orders"], salt="other")):
        assert client.post(f"/inbox/stop-mails/{wrong}/").status_code == 422
    with transaction.atomic(), as_system("the test looks"):
        assert not Preference.objects.exists()


def test_mails_about_security_cannot_be_stopped(client: Client) -> None:
    ada = world.person("Ada")
    due(ada, kind="security", rule="wallet.linked/0")
    mailing.send_due()
    assert "List-Unsubscribe" not in mail.outbox[0].message()
    assert client.post(f"/inbox/stop-mails/{services.mail_token(ada.pk, 'security')}/").status_code == 422
