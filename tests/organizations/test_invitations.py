"""Invitations: one address, one role, one use, one week; and an e-mail that is not lost."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.audit.models import Entry
from marketplace.lifecycle import Refused
from marketplace.organizations import services
from marketplace.organizations.models import Invitation, Membership
from marketplace.organizations.services import inviting, mailing
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system, scope
from tests import world

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


@pytest.fixture
def ada(cast: world.Cast) -> Iterator[Actor]:
    with scope(org_id=cast.bakery.pk, user_id=cast.ada.pk):
        yield world.actor(cast.ada, cast.bakery)


def invited(ada: Actor, email: str = "carl@example.com", role: str = "developer") -> tuple[Invitation, str]:
    """An invitation, and the token that its e-mail carries."""
    made = services.invite(ada, email=email, role=role)
    return made, inviting.token_of(made)


def joined(cast: world.Cast, user: User) -> str:
    with as_system("look"):
        found = Membership.objects.for_org(cast.bakery.pk).filter(user=user).first()
    return found.role if found else ""


def age(invitation: Invitation, **by: Any) -> None:
    with as_system("time passes"):
        Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() + timedelta(**by))


def test_the_invited_person_joins_with_the_role_and_it_is_on_record(cast: world.Cast, ada: Actor) -> None:
    carl = world.person("Carl")
    _, token = invited(ada)
    assert services.accept_invitation(Actor(carl.pk), token=token) == cast.bakery
    assert joined(cast, carl) == "developer"
    verbs = Entry.objects.for_org(cast.bakery.pk).order_by("sequence").values_list("verb", flat=True)
    assert list(verbs) == ["member.invited", "member.joined"]


def test_no_entry_of_the_record_holds_an_address(cast: world.Cast, ada: Actor) -> None:
    """The record is never changed, so an address in it could never be erased."""
    carl = world.person("Carl")
    _, token = invited(ada)
    services.accept_invitation(Actor(carl.pk), token=token)
    second, _ = invited(ada, "dora@example.com")
    services.revoke_invitation(ada, invitation_id=second.pk)
    assert "example.com" not in repr(list(Entry.objects.for_org(cast.bakery.pk).values()))


def test_the_database_holds_no_token(ada: Actor) -> None:
    made, token = invited(ada)
    row = Invitation.objects.filter(pk=made.pk).values().get()
    assert token not in repr(row)
    assert len(token) == 64


def test_a_link_is_for_the_address_it_was_sent_to(cast: world.Cast, ada: Actor) -> None:
    eve, (_, token) = world.person("Eve"), invited(ada)
    with pytest.raises(Refused, match="another e-mail address"):
        services.accept_invitation(Actor(eve.pk), token=token)
    assert joined(cast, eve) == ""


def test_a_used_a_taken_back_an_old_and_an_invented_link_get_the_same_answer(cast: world.Cast, ada: Actor) -> None:
    carl, said = world.person("Carl"), set()
    _, used_token = invited(ada)
    services.accept_invitation(Actor(carl.pk), token=used_token)
    services.remove_member(ada, membership_id=Membership.objects.get(user=carl).pk)
    back, back_token = invited(ada)
    services.revoke_invitation(ada, invitation_id=back.pk)
    old, old_token = invited(ada)
    age(old, seconds=-1)
    for token in (used_token, back_token, old_token, "f" * 64, "", "é" * 9):
        with pytest.raises(Refused) as refused:
            services.accept_invitation(Actor(carl.pk), token=token)
        with pytest.raises(Refused) as unread:
            services.read_invitation(token=token)
        said |= {str(refused.value), str(unread.value)}
    assert said == {inviting.GONE}
    assert joined(cast, carl) == ""


def test_a_week_is_enough_and_a_second_more_is_too_much(cast: world.Cast, ada: Actor) -> None:
    carl, (made, token) = world.person("Carl"), invited(ada)
    assert made.expires_at - made.invited_at == timedelta(days=7)
    age(made, seconds=5)
    services.accept_invitation(Actor(carl.pk), token=token)
    assert joined(cast, carl) == "developer"


def test_joining_twice_happens_once(cast: world.Cast, ada: Actor) -> None:
    carl, (_, token) = world.person("Carl"), invited(ada)
    for _ in range(2):
        assert services.accept_invitation(Actor(carl.pk), token=token) == cast.bakery
    assert Membership.objects.filter(user=carl).count() == 1


def test_who_is_a_member_already_keeps_their_role(cast: world.Cast, ada: Actor) -> None:
    carl, (_, token) = world.person("Carl"), invited(ada, role="viewer")
    world.member(cast.bakery, carl, "admin")
    services.accept_invitation(Actor(carl.pk), token=token)
    assert joined(cast, carl) == "admin"


def test_joining_shows_that_the_address_is_read(cast: world.Cast, ada: Actor) -> None:
    carl = world.person("Carl")
    EmailAddress.objects.update(verified=False)
    services.accept_invitation(Actor(carl.pk), token=invited(ada)[1])
    assert EmailAddress.objects.get(user=carl).verified


@pytest.mark.parametrize(
    ("email", "role", "why"),
    [
        ("ada@example.com", "viewer", "a member already"),
        ("twice@example.com", "viewer", "invited already"),
        ("TWICE@example.com ", "viewer", "invited already"),
        ("new@example.com", "owner", "another role"),
        ("new@example.com", "king", "another role"),
    ],
)
def test_some_people_cannot_be_invited(ada: Actor, email: str, role: str, why: str) -> None:
    services.invite(ada, email="twice@example.com", role="viewer")
    with pytest.raises(Refused, match=why):
        services.invite(ada, email=email, role=role)


def test_whether_an_address_has_an_account_is_not_told(cast: world.Cast, ada: Actor) -> None:
    known = services.invite(ada, email=cast.ben.email, role="viewer")
    unknown = services.invite(ada, email="nobody@example.com", role="viewer")
    assert (known.state, known.role) == (unknown.state, unknown.role)


def test_nobody_writes_to_the_whole_world_through_us(
    cast: world.Cast, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inviting, "MOST_OPEN", 2)
    monkeypatch.setattr(inviting, "MOST_A_DAY", 3)
    services.invite(ada, email="a@example.com", role="viewer")
    services.invite(ada, email="b@example.com", role="viewer")
    with pytest.raises(Refused, match="2 invitations are open"):
        services.invite(ada, email="c@example.com", role="viewer")
    second = services.create_organization(Actor(cast.ada.pk), name="Second", country="DE")
    with scope(org_id=second.pk, user_id=cast.ada.pk):
        services.invite(world.actor(cast.ada, second), email="c@example.com", role="viewer")
        with pytest.raises(Refused, match="3 invitations in the last 24 hours"):
            services.invite(world.actor(cast.ada, second), email="d@example.com", role="viewer")


def test_several_are_invited_or_nobody(ada: Actor) -> None:
    with pytest.raises(Refused, match=r"ada@example\.com is a member already"):
        services.invite_all(ada, people=[("new@example.com", "viewer"), ("ada@example.com", "viewer")])
    assert not Invitation.objects.exists()


def test_the_e_mail_goes_out_once_with_a_link_that_works(cast: world.Cast, ada: Actor, client: Client) -> None:
    invited(ada)
    assert services.send_invitations() == 1
    assert services.send_invitations() == 0
    (sent,) = mail.outbox
    assert sent.to == ["carl@example.com"]
    assert sent.subject == "Join Ada Bakery on Guildhall"
    ((html, kind),) = sent.alternatives
    assert kind == "text/html"
    (link,) = set(re.findall(r"https?://\S+/o/invitations/\w+/", sent.body))
    assert link in html
    assert "Join Ada Bakery" in client.get(link.partition("8000")[2]).content.decode()


def test_a_name_with_markup_or_line_breaks_stays_a_name_in_the_e_mail() -> None:
    org = world.organization("Bad\n<b>Name</b>", slug="bad")
    made = Invitation(org=org, email="c@example.com", role="viewer", nonce="n", expires_at=timezone.now())
    message = mailing.written(made)
    assert message.subject == "Join Bad <b>Name</b> on Guildhall"
    assert "<b>Name" not in message.alternatives[0][0]


def test_a_worker_that_dies_before_the_e_mail_leaves_it_to_the_next(
    cast: world.Cast, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = invited(ada)

    class Killed(BaseException):
        pass

    def die(invitation: Invitation) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(mailing, "written", die)
        with pytest.raises(Killed):
            services.send_invitations()
    assert services.send_invitations() == 0, "claimed for two minutes"
    with as_system("two minutes pass"):
        Invitation.objects.update(mail_due_at=timezone.now())
    assert services.send_invitations() == 1
    assert token in mail.outbox[0].body


def test_a_mail_server_that_is_down_is_asked_again(ada: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = invited(ada)
    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMultiAlternatives.send", lambda self: (_ for _ in ()).throw(OSError))
        assert services.send_invitations() == 0
    made.refresh_from_db()
    assert made.mailed_at is None
    assert made.mail_due_at > timezone.now()


def test_sending_again_sends_the_same_link_for_another_week(ada: Actor) -> None:
    made, token = invited(ada)
    services.send_invitations()
    with pytest.raises(Refused, match="a moment ago"):
        services.resend_invitation(ada, invitation_id=made.pk)
    Invitation.objects.update(mailed_at=timezone.now() - timedelta(days=8))
    age(made, days=-1)
    services.resend_invitation(ada, invitation_id=made.pk)
    assert services.send_invitations() == 1
    assert token in mail.outbox[1].body
    assert services.read_invitation(token=token).pk == made.pk


def test_a_re_send_asked_for_while_the_mail_goes_out_is_not_overlooked(
    ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = invited(ada)
    send = mail.EmailMultiAlternatives.send

    def asked_meanwhile(self: Any) -> int:
        services.resend_invitation(ada, invitation_id=made.pk)
        return send(self)

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMultiAlternatives.send", asked_meanwhile)
        services.send_invitations()
    assert services.send_invitations() == 1


def page(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return answer.content.decode()


SIGN_UP = {"email": "carl@example.com", "password1": "a long pass phrase 42"}


def test_a_stranger_signs_up_by_the_link_and_joins_without_another_mail(
    cast: world.Cast, ada: Actor, client: Client, mailoutbox: list[Any]
) -> None:
    _, token = invited(ada)
    here = f"/o/invitations/{token}/"
    shown = page(client.get(here))
    assert "Create an account" in shown
    assert 'value="carl@example.com"' in page(client.get(f"/accounts/signup/?next={here}"))
    assert client.post("/accounts/signup/", {**SIGN_UP, "next": here})["Location"] == here
    assert "Join as Developer" in page(client.get(here))
    assert client.post(here)["Location"] == "/o/ada-bakery/"
    assert mailoutbox == []
    assert EmailAddress.objects.get(email="carl@example.com").verified, "who has the link reads the address"
    assert joined(cast, User.objects.get(email="carl@example.com")) == "developer"
    assert client.get("/o/ada-bakery/").status_code == 200


def test_signing_up_without_the_link_has_to_confirm(ada: Actor, client: Client, mailoutbox: list[Any]) -> None:
    """The control: the same form from a browser that has not seen the link."""
    _, token = invited(ada)
    client.post("/accounts/signup/", {**SIGN_UP, "next": f"/o/invitations/{token}/"})
    assert not EmailAddress.objects.get(email="carl@example.com").verified
    assert len(mailoutbox) == 1
    assert client.get("/o/").status_code == 302


def test_signing_up_with_another_address_proves_nothing(ada: Actor, client: Client) -> None:
    """And the account has the address that was typed, not the one of the invitation."""
    _, token = invited(ada)
    here = f"/o/invitations/{token}/"
    client.get(here)
    client.post("/accounts/signup/", {**SIGN_UP, "email": "eve@example.com", "next": here})
    assert not EmailAddress.objects.get(email="eve@example.com").verified
    assert not User.objects.filter(email="carl@example.com").exists()
    eve = User.objects.get(email="eve@example.com")
    client.force_login(eve, backend=BACKEND)
    assert "open the link again to sign in" in page(client.get(here))
    assert "another e-mail address" in page(client.post(here), 422)


def test_links_that_do_not_work_look_alike(cast: world.Cast, ada: Actor, client: Client) -> None:
    made, token = invited(ada)
    services.revoke_invitation(ada, invitation_id=made.pk)
    answers = [client.get(f"/o/invitations/{each}/") for each in (token, "0" * 64, "x")]
    assert {page(answer, 404) for answer in answers} == {answers[0].content.decode()}
    assert "works once and for a week" in answers[0].content.decode()


def test_joining_needs_a_click_not_only_a_visit(cast: world.Cast, ada: Actor, client: Client) -> None:
    carl, (_, token) = world.person("Carl"), invited(ada)
    client.force_login(carl, backend=BACKEND)
    client.get(f"/o/invitations/{token}/")
    assert joined(cast, carl) == ""
    anonymous = Client()
    assert anonymous.post(f"/o/invitations/{token}/").status_code == 200
    assert joined(cast, carl) == ""


def test_people_are_invited_and_uninvited_on_the_members_page(client: Client, cast: world.Cast) -> None:
    client.force_login(cast.ada)
    members = "/o/ada-bakery/members/"
    shown = page(client.post(members + "invite/", {"email": "no address", "role": "viewer"}), 422)
    assert 'value="no address"' in shown
    assert 'aria-invalid="true"' in shown
    assert client.post(members + "invite/", {"email": "Carl@example.com", "role": "viewer"})["Location"] == members
    shown = page(client.get(members))
    assert "carl@example.com" in shown
    assert "On its way" in shown
    assert "invited already" in page(
        client.post(members + "invite/", {"email": "carl@example.com", "role": "viewer"}), 422
    )
    with as_system("look"):
        made = Invitation.objects.get()
    assert client.post(f"/o/ada-bakery/invitations/{made.pk}/resend/").status_code == 302
    assert client.post(f"/o/ada-bakery/invitations/{made.pk}/revoke/").status_code == 302
    assert "carl@example.com" not in page(client.get(members)).partition("</table>")[2].partition("Invite somebody")[0]
    assert "taken back already" in page(client.post(f"/o/ada-bakery/invitations/{made.pk}/revoke/"), 422)
