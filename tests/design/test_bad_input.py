"""Every form about people and organizations, sent empty and sent full of nonsense: it says what is wrong beside the
field and above the form, the reader is led there, and nothing that was typed is lost."""

from dataclasses import dataclass
from typing import Any

import pytest
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests import world
from tests.accounts.passkey import Device, asked_again
from tests.design.html import Element, Page
from tests.isolation.conftest import Trade, trade
from tests.security.test_strangers import address

pytestmark = pytest.mark.django_db
NONSENSE = {"email": "no address", "url": "::", "number": "many", "date": "soon", "password": "x"}
TYPED = {"text", "email", "url", "number", "tel", "search", "date", ""}
# Forms in which everything that can be chosen is right, or that only ask "are you sure?".
NOTHING_CAN_BE_WRONG = {
    "notifications:preferences": "boxes",
}
HALF_IN = {"mfa_authenticate"}
STRANGERS = {"account_login", "account_signup", "account_reset_password", "account_reset_password_from_key"}
AREAS = ("account_", "mfa_", "accounts:", "privacy:", "organizations:", "notifications:", "subscriptions:spending")


def names(found: list[URLPattern | URLResolver], before: str = "", space: str = "") -> dict[str, str]:
    """The first address of each name."""
    named: dict[str, str] = {}
    for pattern in found:
        where = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inside = f"{space}{pattern.namespace}:" if pattern.namespace else space
            named = names(pattern.url_patterns, where, inside) | named
        else:
            named.setdefault(space + (pattern.name or where), where)
    return named


PLACES = {name: where for name, where in names(get_resolver().url_patterns).items() if name.startswith(AREAS)}


@dataclass
class Form:
    """A form of a page: where it is sent, and its fields."""

    action: str
    fields: list[Element]
    button: Element | None

    @property
    def hidden(self) -> dict[str, str]:
        """What it sends without being typed."""
        sent = {each.attrs["name"]: each.attrs.get("value", "") for each in self.fields if kind(each) == "hidden"}
        if self.button is not None and "name" in self.button.attrs:
            sent[self.button.attrs["name"]] = self.button.attrs.get("value", "")
        return sent

    @property
    def shown(self) -> list[Element]:
        return [each for each in self.fields if kind(each) not in ("hidden", "submit") and "disabled" not in each.attrs]


def kind(control: Element) -> str:
    return control.attrs.get("type", "text" if control.tag == "input" else "")


def forms(page: Page, path: str) -> list[Form]:
    """The forms of a page that take something typed or chosen."""
    found = []
    for form in page.root.find("form", method="post"):
        fields = [each for each in form.find("input", "select", "textarea") if "name" in each.attrs]
        buttons = [each for each in form.find("button") if each.attrs.get("type") == "submit"]
        buttons.sort(key=lambda button: "name" in button.attrs)  # the plain one sends the form
        made = Form(form.attrs.get("action") or path, fields, buttons[0] if buttons else None)
        if made.shown:
            found.append(made)
    return found


def nonsense(control: Element) -> str:
    if control.tag == "select" or kind(control) in ("radio", "checkbox"):
        return "no such choice"
    if kind(control) in NONSENSE:
        return NONSENSE[kind(control)]
    return "x" * (int(control.attrs.get("maxlength", 4000)) + 1)


def wrong(page: Page, sent: dict[str, str]) -> list[str]:
    """What is missing from the answer to a form that was sent with something wrong in it."""
    said = []
    everything = page.root.all()
    by_id = {each.attrs["id"]: each for each in everything if "id" in each.attrs}
    bad = [each for each in everything if each.attrs.get("aria-invalid") == "true"]
    groups = page.root.find("fieldset")
    for control in bad:
        around = [group for group in groups if any(each is control for each in group.all())]
        named = " ".join(each.attrs.get("aria-describedby", "") for each in (control, *around)).split()
        if not any(name.endswith("_error") and name in by_id and by_id[name].says() for name in named):
            said.append(f"{control.attrs.get('name')} is wrong, and no sentence is tied to it")
    focused = [each for each in everything if "autofocus" in each.attrs]
    if len(focused) != 1 or "error-summary" not in focused[0].attrs.get("class", "").split():
        said.append(f"the focus goes to {[each.attrs for each in focused]}")
    else:
        links = [each.attrs.get("href", "").removeprefix("#") for each in focused[0].find("a")]
        said += [f"the summary leads to #{link}, which is nowhere" for link in links if link not in by_id]
        if bad and not links:
            said.append("the summary leads to no field")
    for control in everything:
        name = control.attrs.get("name", "")
        if name not in sent or control.tag not in ("input", "textarea") or kind(control) not in TYPED:
            continue
        kept = control.text.removeprefix("\n") if control.tag == "textarea" else control.attrs.get("value", "")
        if kept != sent[name]:
            said.append(f"{name} came back as {kept!r}")
    return said


@dataclass
class House:
    """Two organizations, and somebody for each page."""

    of: Trade
    owner: Client
    half: Client
    values: dict[str, str]

    def visit(self, name: str) -> tuple[Client, str]:
        """Who goes to a page, and its address."""
        where = PLACES[name]
        for part, value in self.values.items():
            where = where.replace(part, value)
        org = self.of.provider
        path = address(where, org, self.of) if "<slug:org>" in where else "/" + where
        client = self.half if name in HALF_IN else Client() if name in STRANGERS else self.owner
        return client, path.replace("^", "").replace("$", "")


@pytest.fixture
def house() -> House:
    of = trade("North")
    person = of.provider_owner
    TOTP.activate(person, "GUILDHALLDEMOMIA")
    key = Authenticator.objects.create(
        user=person, type="webauthn", data={"name": "Key", "credential": Device().made("AAAA")}
    )
    owner, half = Client(), Client()
    owner.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    asked_again(owner)
    half.post("/accounts/login/", {"login": person.email, "password": world.PASSWORD})
    values = {
        r"(?P<uidb36>[0-9A-Za-z]+)": user_pk_to_url_str(person),
        r"(?P<key>.+)": default_token_generator.make_token(person),
        r"(?P<key>[-:\w]+)": "none",
        "<int:pk>": str(key.pk),
        "<int:wallet_id>": "1",
        "<int:notice_id>": "1",
        "<str:token>": "none",
        "privacy/exports/<uuid:public_id>": "privacy/exports/none",
        "accounts/data/exports/<uuid:public_id>": "accounts/data/exports/none",
    }
    return House(of, owner, half, values)


@pytest.mark.parametrize("name", PLACES)
def test_a_form_says_what_is_wrong_where_it_is_wrong(name: str, house: House) -> None:
    client, path = house.visit(name)
    shown: Any = client.get(path, follow=True)
    path = shown.redirect_chain[-1][0] if shown.redirect_chain else path
    found = forms(Page(shown.content.decode()), path) if shown.status_code == 200 else []
    for form in found:
        empty = {each.attrs["name"]: "" for each in form.shown if kind(each) not in ("radio", "checkbox", "file")}
        asked: list[dict[str, str]] = [empty, {each.attrs["name"]: nonsense(each) for each in form.shown}]
        refused = 0
        for typed in asked:
            answer: Any = client.post(form.action, form.hidden | typed)
            if answer.status_code == 302:
                continue
            refused += 1
            assert answer.status_code in (200, 422), (form.action, answer.status_code)
            assert wrong(Page(answer.content.decode()), typed) == [], (form.action, typed)
        assert refused or name in NOTHING_CAN_BE_WRONG, f"{form.action} took nonsense"


@pytest.mark.parametrize(
    ("without", "said"),
    [
        (' id="id_email_error"', "email is wrong, and no sentence is tied to it"),
        (" autofocus", "the focus goes to []"),
        (' value="no address"', "email came back as ''"),
        (' href="#id_email"', "the summary leads to #, which is nowhere"),
    ],
)
def test_control_what_is_missing_is_seen(without: str, said: str) -> None:
    """A form that was sent back as it should be, and the same without one of its parts."""
    typed = {"email": "no address", "password1": "x"}
    answer = Client().post("/accounts/signup/", typed).content.decode()
    assert wrong(Page(answer), typed) == []
    assert without in answer
    assert said in " ".join(wrong(Page(answer.replace(without, "")), typed))
