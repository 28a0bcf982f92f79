"""Onboarding: four steps, each kept, from any device, with and without htmx."""

import re
import statistics
import time
from typing import Any

import pytest
from django.test import Client

from marketplace.organizations.models import BusinessDetails, Invitation, Membership, Organization
from marketplace.tenancy.scope import as_system
from tests import world

pytestmark = pytest.mark.django_db
WHO = {"name": "Bäckerei Möller", "country": "DE"}
HTMX = {"HX-Request": "true"}


@pytest.fixture
def nele() -> Any:
    return world.person("Nele")


@pytest.fixture
def browser(client: Client, nele: Any) -> Client:
    client.force_login(nele)
    return client


def body(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return answer.content.decode()


def founded(browser: Client, **also: str) -> str:
    """The address of an organization after the first step."""
    answer: Any = browser.post("/o/new/", {**WHO, **also})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"].removesuffix("start/want/")


def details() -> BusinessDetails:
    with as_system("look"):
        return BusinessDetails.objects.select_related("org").get()


def test_who_has_none_is_led_to_the_first_step(browser: Client) -> None:
    answer: Any = browser.get("/o/")
    assert answer["Location"] == "/o/new/"
    assert "Step 1 of 4" in body(browser.get("/o/new/"))


def test_the_four_steps_lead_home(browser: Client, nele: Any) -> None:
    base = founded(browser, size="2-9", sector="farming", vat_number="DE 136 695 976")
    assert (details().vat_number, details().size, details().step) == ("136695976", "2-9", "want")
    assert "Step 2 of 4" in body(browser.get(f"{base}start/want/"))
    assert browser.post(f"{base}start/want/", {"intention": "both"})["Location"] == f"{base}start/people/"
    form = {"form-TOTAL_FORMS": "3", "form-INITIAL_FORMS": "0", "form-0-email": "a@example.com", "form-0-role": "admin"}
    rows = {f"form-{i}-{field}": value for i in (1, 2) for field, value in (("email", ""), ("role", "developer"))}
    assert browser.post(f"{base}start/people/", form | rows)["Location"] == f"{base}start/wallet/"
    assert browser.post(f"{base}start/wallet/")["Location"] == base
    assert "is ready" in body(browser.get(base))
    assert (details().step, details().org.intention) == ("done", "both")
    with as_system("look"):
        assert Invitation.objects.get().email == "a@example.com"
        assert Membership.objects.get(user=nele).role == "owner"


def test_a_buyer_may_start_after_the_first_step(browser: Client) -> None:
    base = founded(browser)
    for page in ("", "keys/", "subscriptions/", "tools/"):
        assert browser.get(f"{base}{page}").status_code in (200, 404), page
    assert "Step 2 of 4 comes next" in body(browser.get(base))


def test_selling_waits_for_verification(browser: Client) -> None:
    base = founded(browser)
    browser.post(f"{base}start/want/", {"intention": "sell"})
    assert "Get verified" in body(browser.get(base))
    assert not details().org.is_verified


def test_it_goes_on_from_another_device_where_it_was_left(browser: Client, nele: Any) -> None:
    base = founded(browser)
    browser.post(f"{base}start/want/", {"intention": "buy"})
    other = Client()
    other.force_login(nele)
    home = body(other.get("/o/", follow=True))
    assert "Step 3 of 4 comes next" in home
    assert f'href="{base}start/people/"' in home


def test_going_back_loses_nothing_and_does_not_start_over(browser: Client) -> None:
    base = founded(browser, sector="trade")
    browser.post(f"{base}start/want/", {"intention": "sell"})
    browser.post(f"{base}start/people/", {"skip": "1"})
    page = body(browser.get(f"{base}start/who/"))
    assert 'value="Bäckerei Möller"' in page
    assert re.search(r'<option value="trade"\s+selected', page)
    assert re.search(r'value="sell"[^>]*checked', body(browser.get(f"{base}start/want/")))
    browser.post(f"{base}start/who/", {**WHO, "name": "Möller & Sons", "sector": "making"})
    assert (details().org.name, details().sector, details().step) == ("Möller & Sons", "making", "wallet")
    assert Organization.objects.count() == 1


def test_everything_after_the_first_step_can_be_skipped(browser: Client) -> None:
    base = founded(browser)
    browser.post(f"{base}start/people/", {"skip": "1"})
    browser.post(f"{base}start/wallet/")
    assert details().step == "done"
    assert "Finish setting up" not in body(browser.get(base))


@pytest.mark.parametrize("country", ["", "XX", "de", "DEU", "<b>"])
def test_a_country_is_one_of_the_list(browser: Client, country: str) -> None:
    page = body(browser.post("/o/new/", {**WHO, "country": country}), 422)
    assert 'value="Bäckerei Möller"' in page
    assert 'aria-invalid="true"' in page
    assert not Organization.objects.exists()


@pytest.mark.parametrize(
    ("country", "field", "number", "says"),
    [
        ("DE", "vat_number", "DE136695977", "A digit is wrong: this cannot be a VAT number of Germany"),
        ("DE", "vat_number", "DE1366959", "too long or too short"),
        ("AT", "vat_number", "12345678", "not how a VAT number of Austria"),
        ("FR", "registration_number", "552008444", "A digit is wrong"),
        ("DE", "registration_number", "HRB 4711", "for example Hamburg HRB 4711"),
        ("SE", "registration_number", "123456-7890", "A digit is wrong"),
    ],
)
def test_a_wrong_number_is_explained_beside_it(
    browser: Client, country: str, field: str, number: str, says: str
) -> None:
    page = body(browser.post("/o/new/", {**WHO, "country": country, field: number}), 422)
    assert says in page.partition(f'id="id_{field}_error"')[2].partition("</ul>")[0]
    assert f'value="{number}"' in page
    assert "autofocus" in page


@pytest.mark.parametrize(
    ("country", "field", "number", "kept"),
    [
        ("DE", "vat_number", "DE 136,695 976", "136695976"),
        ("FR", "vat_number", "Fr 40 303 265 045", "40303265045"),
        ("GR", "vat_number", "EL 094259216", "094259216"),
        ("CH", "vat_number", "CHE-107.787.577 IVA", "CHE107787577IVA"),
        ("DE", "registration_number", "Aachen HRA 11223", "Aachen HRA 11223"),
        ("US", "vat_number", "12-3456789", "12-3456789"),
        ("IE", "registration_number", "  123 456 ", "123 456"),
    ],
)
def test_a_right_number_is_kept_as_its_country_writes_it(
    browser: Client, country: str, field: str, number: str, kept: str
) -> None:
    founded(browser, country=country, **{field: number})
    assert getattr(details(), field) == kept


def test_the_form_sent_twice_makes_one_and_says_so(browser: Client) -> None:
    founded(browser)
    assert "called Bäckerei Möller already" in body(browser.post("/o/new/", WHO), 422)


def test_what_a_moderator_checks_stays_while_it_is_checked(browser: Client) -> None:
    base = founded(browser)
    with as_system("asked"):
        Organization.objects.update(state="submitted")
    page = body(browser.post(f"{base}start/who/", {**WHO, "name": "Other"}), 422)
    assert "so they stay while you are verified" in page
    assert browser.post(f"{base}start/who/", {**WHO, "size": "1"}).status_code == 302


def people(*typed: tuple[str, str], **also: str) -> dict[str, str]:
    rows = {
        f"form-{i}-{name}": value
        for i, row in enumerate(typed)
        for name, value in zip(("email", "role"), row, strict=True)
    }
    return {"form-TOTAL_FORMS": str(len(typed)), "form-INITIAL_FORMS": "0", **rows, **also}


def test_a_wrong_address_is_marked_in_its_row_and_nobody_is_invited(browser: Client) -> None:
    base = founded(browser)
    form = people(("good@example.com", "viewer"), ("bad", "admin"))
    page = body(browser.post(f"{base}start/people/", form), 422)
    assert "Person 2, E-mail address" in page
    assert 'value="good@example.com"' in page
    page = body(browser.post(f"{base}start/people/", people(("nele@example.com", "viewer"))), 422)
    assert "a member already" in page
    with as_system("look"):
        assert not Invitation.objects.exists()


def test_more_rows_come_without_script_and_keep_what_was_typed(browser: Client) -> None:
    base = founded(browser)
    page = body(browser.post(f"{base}start/people/", people(("half", "viewer"), ("", "developer"), more="1")))
    assert page.count("<legend>Person") == 5
    assert 'value="half"' in page
    page = body(browser.post(f"{base}start/people/", {"form-TOTAL_FORMS": "x", "more": "1"}))
    assert "<legend>Person" in page
    page = body(
        browser.post(f"{base}start/people/", {"form-TOTAL_FORMS": "99999", "form-INITIAL_FORMS": "0", "more": "1"})
    )
    assert page.count("<legend>Person") <= 20


def test_htmx_gets_the_step_alone_and_a_full_address_at_the_end(browser: Client) -> None:
    page = body(browser.get("/o/new/", headers=HTMX))
    assert page.strip().startswith("<title>")
    assert "<html" not in page
    base = founded(browser)
    answer: Any = browser.post(f"{base}start/want/", {"intention": "buy"}, headers=HTMX, follow=True)
    assert "Step 3 of 4" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    answer = browser.post(f"{base}start/wallet/", headers=HTMX)
    assert answer["HX-Redirect"] == base


def test_linking_a_wallet_comes_back_to_the_steps(browser: Client) -> None:
    base = founded(browser)
    page = body(browser.get(f"{base}start/wallet/"))
    link = re.search(r'href="(/accounts/wallets/\?next=[^"]+)"', page)
    assert link
    assert f'href="{base}start/wallet/"' in body(browser.get(link[1]))


def test_only_who_manages_takes_the_steps(client: Client, browser: Client) -> None:
    base = founded(browser)
    with as_system("look"):
        org = Organization.objects.get()
    world.member(org, world.person("Viewer"), "viewer")
    from marketplace.accounts.models import User

    client.force_login(User.objects.get(name="Viewer"))
    for step in ("who", "want", "people", "wallet"):
        assert client.get(f"{base}start/{step}/").status_code == 403
    assert "Finish setting up" not in body(client.get(base))


def test_an_organization_that_exists_and_one_that_does_not_take_the_same_time_to_deny(browser: Client) -> None:
    """Content and status are equal; the medians of 150 interleaved answers differ by less than 5 ms."""
    world.organization("Secret Works", owner=world.person("Owner"))
    times: dict[str, list[float]] = {"secret-works": [], "nothing-here": []}
    pages = set()
    for _ in range(150):
        for slug, taken in times.items():
            started = time.perf_counter()
            answer = browser.get(f"/o/{slug}/")
            taken.append(time.perf_counter() - started)
            assert answer.status_code == 404
            pages.add(answer.content.decode().replace(slug, "…"))
    assert len({re.sub(r'(nonce|value)="[^"]+"', "", page) for page in pages}) == 1
    there, nowhere = (statistics.median(taken) * 1000 for taken in times.values())
    print(f"median: exists {there:.2f} ms, does not exist {nowhere:.2f} ms")  # noqa: T201
    assert abs(there - nowhere) < 5
