"""An alarm is told once, stays until the trouble has passed, and may come again."""

import pytest

from chain import alarms
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
