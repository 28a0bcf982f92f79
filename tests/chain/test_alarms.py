"""An alarm is told once, stays until the trouble has passed, and may come again."""

from smtplib import SMTPServerDisconnected
from typing import Any

import pytest

from chain import alarms, telling
from chain.models import Alarm
from tests.chain.local_chain import CHAIN

pytestmark = pytest.mark.django_db


def test_a_trouble_that_lasts_is_one_alarm_with_its_newest_sentence() -> None:
    alarms.sound("balance", "100 left.", subject="0x1")
    alarms.sound("balance", "90 left.", subject="0x1")
    assert [alarm.sentence for alarm in alarms.sounding(CHAIN)] == ["90 left."]


def test_a_trouble_that_passed_and_comes_again_is_another_alarm() -> None:
    alarms.sound("balance", "100 left.")
    alarms.end("balance")
    assert alarms.sounding() == []
    alarms.sound("balance", "80 left.")
    assert Alarm.objects.count() == 2
    assert [alarm.sentence for alarm in alarms.sounding()] == ["80 left."]


def test_troubles_with_different_subjects_do_not_end_each_other() -> None:
    alarms.sound("balance", "Low.", subject="0x1")
    alarms.sound("balance", "Low.", subject="0x2")
    alarms.end("balance", subject="0x1")
    assert [alarm.subject for alarm in alarms.sounding()] == ["0x2"]


def test_operators_get_one_e_mail_about_what_began_and_none_about_what_they_know(
    settings: Any, mailoutbox: list[Any]
) -> None:
    settings.ADMINS = [("Operator", "ops@example.com")]
    alarms.sound("balance", "100 left.")
    alarms.sound("frozen", "Block 7 was replaced.")
    assert telling.tell() == 2
    alarms.sound("balance", "90 left.")
    assert telling.tell() == 0
    (mail,) = mailoutbox
    assert mail.to == ["ops@example.com"]
    assert "100 left." in mail.body and "Block 7 was replaced." in mail.body


def test_an_alarm_whose_e_mail_failed_is_told_the_next_time(
    settings: Any, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ADMINS = [("Operator", "ops@example.com")]
    alarms.sound("balance", "100 left.")

    def broken(*args: Any) -> None:
        raise SMTPServerDisconnected

    monkeypatch.setattr(telling, "mail_admins", broken)
    assert telling.tell() == 0
    monkeypatch.undo()
    assert telling.tell() == 1
    assert len(mailoutbox) == 1


def test_an_alarm_that_passed_before_anybody_was_told_is_not_mailed(settings: Any, mailoutbox: list[Any]) -> None:
    settings.ADMINS = [("Operator", "ops@example.com")]
    alarms.sound("balance", "100 left.")
    alarms.end("balance")
    assert telling.tell() == 0
    assert mailoutbox == []
