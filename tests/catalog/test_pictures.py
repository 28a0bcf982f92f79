"""Pictures of a tool: what is taken of them, who sees them when, and that an approved version keeps its own."""

import hashlib
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone
from PIL import Image

from marketplace.catalog import drawing
from marketplace.catalog.models import Listing, ListingVersion, PictureFile
from marketplace.catalog.offer import changes, content_hash
from marketplace.catalog.services import forget_unused, publish_version, submit_version
from marketplace.gateway.services import create_key
from marketplace.lifecycle import Refused
from marketplace.tenancy.scope import as_system
from tests import world
from tests.catalog.test_importing import given, send
from tests.catalog.test_selling import HOME, begin, save, write
from tests.organizations import bombs
from tests.organizations.test_papers import MB, measured, upload

pytestmark = pytest.mark.django_db
STEP = "edit/pictures/"
SIGHT = "A table of next month's sales, with a curve above it."
# Harmless in themselves, and wrong only by their name or kind for a document.
NOT_FOR_PICTURES = {"a PNG called JPEG", "a JPEG called PNG", "a PNG without a kind"}
BAD = {name: bomb for name, bomb in (bombs.ARCHIVES | bombs.OTHERS).items() if name not in NOT_FOR_PICTURES}


@pytest.fixture
def cast() -> world.Cast:
    return world.cast()


@pytest.fixture
def ben(client: Client, cast: world.Cast) -> Client:
    client.force_login(cast.ben)
    return client


def shot(colour: str = "teal", size: tuple[int, int] = (1200, 800), kind: str = "PNG", **options: Any) -> Any:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **options)
    return SimpleUploadedFile("shot.png", out.getvalue(), "image/png")


def media(slug: str = "sales-forecast") -> list[dict[str, Any]]:
    with transaction.atomic(), as_system("look"):
        return ListingVersion.objects.filter(listing__slug=slug).latest("number").media


def sent(client: Client, **fields: Any) -> Any:
    """The step as a browser sends it: what stands there, and what is added or wished."""
    there = {"picture": [one["sha256"] for one in media()], "alt": [one["alt"] for one in media()]}
    return save(client, STEP, {**there, **fields})


def add(client: Client, colour: str = "teal", alt: str = SIGHT) -> str:
    """Send a picture; the hash by which it goes."""
    answer = sent(client, file=shot(colour), new_alt=alt)
    assert answer.status_code == 302, answer.content.decode()
    return str(media()[-1]["sha256"])


@world.written
def published(cast: world.Cast, listing: Listing) -> ListingVersion:
    """What Ben has open, submitted and approved."""
    version = submit_version(world.actor(cast.ben, cast.workshop), listing_id=listing.pk)
    publish_version(world.actor(cast.mia), version_id=version.pk)
    version.refresh_from_db()
    return version


@world.written
def listing_of(slug: str = "sales-forecast") -> Listing:
    return Listing.objects.get(slug=slug)


# --- what is taken ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", BAD)
def test_it_is_refused_within_two_seconds_and_64_megabytes(what: str) -> None:
    name, make = BAD[what]
    bomb = upload(name, make())
    found = measured(lambda: drawing.drawn(bomb))
    assert found["seconds"] <= 2, found
    assert found["kilobytes"] <= 64 * MB, found
    assert found["said"].endswith("."), found
    assert "Error" not in found["said"], found


def test_control_a_size_that_is_looked_at_after_decoding_takes_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = upload("a.png", bombs.vast_png())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    monkeypatch.setattr(drawing, "MOST_PIXELS", 10**10)
    assert measured(lambda: drawing.drawn(bomb))["kilobytes"] > 64 * MB


@pytest.mark.parametrize(
    ("size", "says"), [((300, 300), "narrower than 320"), ((4000, 900), "more than 4 times"), ((400, 1700), "4 times")]
)
def test_what_nobody_could_see_is_refused(size: tuple[int, int], says: str) -> None:
    with pytest.raises(Refused, match=says):
        drawing.drawn(shot(size=size))


@pytest.mark.parametrize(
    ("width", "widths"), [(4000, [480, 960, 1600]), (1200, [480, 960, 1200]), (1000, [480, 1000]), (400, [400])]
)
def test_a_picture_is_written_in_widths_for_telephones_and_screens(width: int, widths: list[int]) -> None:
    files = drawing.drawn(shot(size=(width, width // 2)))
    assert [file.width for file in files] == widths
    for file in files:
        with Image.open(io.BytesIO(file.content)) as stored:
            assert (stored.format, stored.size) == ("WEBP", (file.width, file.height))
            assert stored.convert("RGB").getpixel((5, 5)) == pytest.approx((0, 128, 128), abs=4)
        assert hashlib.sha256(file.content).hexdigest() == file.sha256


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK", "PA"])
def test_pictures_of_all_colours_are_taken(mode: str) -> None:
    out = io.BytesIO()
    kind = {"CMYK": "JPEG"}.get(mode, "PNG")
    Image.new("P" if mode == "PA" else mode, (640, 400)).save(
        out, kind, **({"transparency": 0} if mode == "PA" else {})
    )
    files = drawing.drawn(SimpleUploadedFile("a", out.getvalue()))
    with Image.open(io.BytesIO(files[-1].content)) as stored:
        see_through = mode in {"LA", "RGBA", "PA"}
        assert stored.convert("RGB").getpixel((9, 9))[0] > 250 if see_through else stored.mode == "RGB"  # type: ignore[index]


def test_nothing_but_pixels_is_kept_and_a_photograph_is_turned_upright() -> None:
    where = Image.Exif()
    where[0x010E], where[0x0112] = "canary-place", 6
    files = drawing.drawn(shot(size=(1200, 800), kind="JPEG", exif=where.tobytes(), comment=b"canary-comment"))
    assert all(b"canary" not in file.content for file in files)
    assert (files[-1].width, files[-1].height) == (800, 1200)


def test_a_photograph_of_a_telephone_is_taken_in_little_room() -> None:
    photo = shot(size=(4032, 3024), kind="JPEG")
    found = measured(lambda: drawing.drawn(photo))
    assert found["said"] == "list", found
    assert found["kilobytes"] <= 64 * MB, found


# --- the step --------------------------------------------------------------------------------------------------------


def test_a_provider_adds_pictures_and_puts_them_in_order_without_a_script(ben: Client) -> None:
    write(ben)
    one, two, three = add(ben, "teal", "First."), add(ben, "maroon", "Second."), add(ben, "navy", "Third.")
    assert sent(ben, do="up-2").url.endswith("/edit/pictures/#pictures")
    assert [picture["sha256"] for picture in media()] == [one, three, two]
    sent(ben, do="down-0")
    assert [picture["alt"] for picture in media()] == ["Third.", "First.", "Second."]
    sent(ben, do="remove-1")
    assert [picture["sha256"] for picture in media()] == [three, two]
    page = ben.get(f"{HOME}sales-forecast/{STEP}").content.decode()
    assert page.count('name="alt"') == 2
    assert f"/o/ben-workshop/pictures/{media()[0]['sizes'][0][2]}.webp 480w" in page


@pytest.mark.parametrize(
    "wish", ["up-0", "down-9", "remove-99", "remove-", "remove-x", "explode-0", "up--1", "-", "up"]
)
def test_a_wish_that_makes_no_sense_changes_nothing(ben: Client, wish: str) -> None:
    write(ben)
    before = [add(ben), add(ben, "navy")]
    assert sent(ben, do=wish).status_code == 302
    assert [picture["sha256"] for picture in media()] == before


def test_words_are_changed_and_a_picture_without_any_cannot_be_submitted(ben: Client) -> None:
    write(ben)
    add(ben, alt="")
    page = ben.get(f"{HOME}sales-forecast/{STEP}").content.decode()
    assert 'aria-invalid="true"' in page
    assert "Say what picture 1 shows" in ben.get(f"{HOME}sales-forecast/").content.decode()
    assert ben.post(f"{HOME}sales-forecast/submit/").status_code == 422
    sent(ben, alt=[SIGHT])
    assert media()[0]["alt"] == SIGHT
    assert ben.post(f"{HOME}sales-forecast/submit/").status_code == 302


def test_control_without_the_check_the_silent_picture_is_submitted(
    ben: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ben)
    add(ben, alt="")
    monkeypatch.setattr("marketplace.catalog.wording.check_media", lambda media: None)
    assert ben.post(f"{HOME}sales-forecast/submit/").status_code == 302


def test_words_are_saved_by_themselves_and_the_file_is_not(ben: Client) -> None:
    write(ben)
    add(ben)
    answer = sent(ben, alt=["Other words."], autosave="1", file=shot("navy"))
    assert "Saved." in answer.content.decode()
    assert [picture["alt"] for picture in media()] == ["Other words."]


def test_what_is_no_picture_is_said_beside_it_and_words_stay(ben: Client) -> None:
    write(ben)
    add(ben)
    answer = sent(ben, file=SimpleUploadedFile("a.svg", bombs.SVG), new_alt="Never mind.", alt=["Half typed"])
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "not a picture that we take" in page
    assert "Half typed" in page and "Never mind." in page
    assert len(media()) == 1


def test_a_ninth_picture_is_refused(ben: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketplace.catalog.media.MOST_PICTURES", 2)
    write(ben)
    add(ben), add(ben, "navy")
    assert sent(ben, file=shot("maroon"), new_alt=SIGHT).status_code == 422
    assert len(media()) == 2
    with transaction.atomic(), as_system("look"):
        assert PictureFile.objects.values("picture").distinct().count() == 2


def test_a_picture_of_somebody_else_cannot_be_named(ben: Client, cast: world.Cast) -> None:
    write(ben)
    mine = add(ben)
    world.written(lambda: PictureFile.objects.update(org=cast.bakery))()
    assert sent(ben, picture=[mine], alt=[SIGHT]).status_code == 422
    world.written(lambda: PictureFile.objects.update(org=cast.workshop))()
    assert sent(ben, picture=[mine], alt=[SIGHT]).status_code == 302


def test_two_tabs_do_not_write_over_each_other(ben: Client) -> None:
    write(ben)
    where = f"{HOME}sales-forecast/{STEP}"
    stale = {"stamp": "0", "tab": "other"}
    one = add(ben)
    answer = ben.post(where, {"picture": [], "alt": [], **stale})
    assert answer.status_code == 409
    assert [picture["sha256"] for picture in media()] == [one]


def test_the_same_picture_is_stored_once_and_stands_once_in_a_listing(ben: Client) -> None:
    write(ben)
    add(ben)
    assert sent(ben, file=shot(), new_alt="Again.").status_code == 422
    begin(ben, "Second tool")
    save(ben, STEP, {"file": shot(), "new_alt": SIGHT}, slug="second-tool")
    assert media("second-tool")[0]["sha256"] == media()[0]["sha256"]
    with transaction.atomic(), as_system("look"):
        assert PictureFile.objects.count() == 3


# --- who sees them ---------------------------------------------------------------------------------------------------


def test_a_picture_is_the_organizations_until_the_shop_shows_it_and_then_everybodys(
    ben: Client, cast: world.Cast
) -> None:
    write(ben)
    add(ben)
    sizes = media()[0]["sizes"]
    shop, own = f"/pictures/{sizes[0][2]}.webp", f"/o/ben-workshop/pictures/{sizes[0][2]}.webp"
    stranger, ada, mia = Client(), Client(), Client()
    ada.force_login(cast.ada)
    mia.force_login(cast.mia)
    world.sign_in(mia, cast.mia)
    console = f"/console/pictures/{sizes[0][2]}.webp"
    assert [stranger.get(shop).status_code, ada.get(own).status_code, ada.get(console).status_code] == [404, 404, 404]
    assert [ben.get(own).status_code, ben.get(shop).status_code, mia.get(console).status_code] == [200, 404, 200]
    published(cast, listing_of())
    answer = stranger.get(shop)
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == sizes[0][2]
    world.written(lambda: Listing.objects.filter(slug="sales-forecast").update(state="suspended"))()
    assert [stranger.get(shop).status_code, mia.get(console).status_code] == [404, 200]


def test_a_file_is_shown_as_a_picture_and_kept_for_ever_by_everybody_alike(ben: Client, cast: world.Cast) -> None:
    write(ben)
    add(ben)
    published(cast, listing_of())
    shop = f"/pictures/{media()[0]['sha256']}.webp"
    for client in (Client(), ben):
        answer = client.get(shop, headers={"Accept-Language": "de"})
        assert answer["Content-Type"] == "image/webp"
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert "Cookie" not in answer.get("Vary", "")
        assert "Set-Cookie" not in answer
    own = ben.get(f"/o/ben-workshop{shop}")
    assert own["Cache-Control"] == "private, no-store"


def test_a_file_that_is_gone_is_said_to_be_gone(ben: Client, cast: world.Cast) -> None:
    write(ben)
    add(ben)
    with transaction.atomic(), as_system("look"):
        for row in PictureFile.objects.all():
            row.file.storage.delete(row.file.name)
    assert ben.get(f"/o/ben-workshop/pictures/{media()[0]['sha256']}.webp").status_code == 404


def test_the_page_shows_them_in_their_room_with_their_words(ben: Client, cast: world.Cast, client: Client) -> None:
    write(ben)
    add(ben, alt='Sales <b>"next"</b> month')
    add(ben, "navy")
    published(cast, listing_of())
    page = Client().get("/tools/sales-forecast/").content.decode()
    gallery = page.partition('<section class="gallery"')[2].partition("</section>")[0]
    images = re.findall(r"<img [^>]*>", gallery)
    assert len(images) == 2
    assert all('width="1200" height="800"' in image and 'decoding="async"' in image for image in images)
    assert ["loading" in image for image in images] == [False, True]
    assert "Sales &lt;b&gt;&#34;next&#34;&lt;/b&gt; month" in images[0]
    assert f'property="og:image" content="http://testserver/pictures/{media()[0]["sha256"]}.webp"' in page


def test_the_moderator_sees_them_and_what_changed(ben: Client, cast: world.Cast) -> None:
    write(ben)
    add(ben)
    first = published(cast, listing_of())
    sent(ben, file=shot("navy"), new_alt="What it costs.")
    with transaction.atomic(), as_system("look"):
        second = ListingVersion.objects.filter(listing__slug="sales-forecast").latest("number")
        assert second.number == first.number + 1
        found = {change.field: change.lines for change in changes(first, second)}
    ((sign, line),) = found["picture 2"]
    assert sign == "+"
    assert line.startswith("What it costs. (1200 × 800, ")


def test_another_picture_with_the_same_words_is_a_change(ben: Client, cast: world.Cast) -> None:
    write(ben)
    add(ben)
    first = published(cast, listing_of())
    sent(ben, do="remove-0")
    add(ben, "navy")
    with transaction.atomic(), as_system("look"):
        second = ListingVersion.objects.filter(listing__slug="sales-forecast").latest("number")
        assert [change.field for change in changes(first, second)] == ["picture 1"]


# --- what stays, and what goes ---------------------------------------------------------------------------------------


def test_an_approved_version_keeps_its_pictures_whatever_the_draft_does(ben: Client, cast: world.Cast) -> None:
    write(ben)
    one = add(ben)
    first = published(cast, listing_of())
    sent(ben, do="remove-0")
    assert media() == []
    shown = world.written(lambda: ListingVersion.objects.get(pk=first.pk).media)()
    assert [picture["sha256"] for picture in shown] == [one]
    assert Client().get(f"/pictures/{one}.webp").status_code == 200
    with pytest.raises(DatabaseError, match="approved and stays"):
        world.written(lambda: ListingVersion.objects.filter(pk=first.pk).update(media=[]))()


def test_pictures_are_part_of_what_a_buyer_agrees_to(ben: Client, cast: world.Cast) -> None:
    write(ben)
    with transaction.atomic(), as_system("look"):
        without = ListingVersion.objects.get(listing__slug="sales-forecast")
        before = content_hash(without)
    add(ben)
    with transaction.atomic(), as_system("look"):
        without.refresh_from_db()
        assert content_hash(without) != before
        without.media = []
        assert content_hash(without) == before


def test_files_that_no_version_shows_are_forgotten_after_a_day(ben: Client, cast: world.Cast) -> None:
    write(ben)
    kept, removed = add(ben), add(ben, "navy")
    published(cast, listing_of())
    begin(ben, "Second tool")
    save(ben, STEP, {"file": shot("maroon"), "new_alt": SIGHT}, slug="second-tool")
    unused = media("second-tool")[0]["sha256"]
    save(ben, STEP, {}, slug="second-tool")
    with transaction.atomic(), as_system("look"):
        places = [Path(row.file.path) for row in PictureFile.objects.filter(picture=unused)]
    assert all(place.exists() for place in places)
    assert forget_unused() == 0
    world.written(lambda: PictureFile.objects.update(added_at=timezone.now() - timedelta(days=2)))()
    assert forget_unused() == 3
    with transaction.atomic(), as_system("look"):
        assert {row.picture for row in PictureFile.objects.all()} == {kept, removed}
    assert not any(place.exists() for place in places)


# --- as a file, and by a program -------------------------------------------------------------------------------------


def key_of(cast: world.Cast) -> str:
    with transaction.atomic(), as_system("the test makes a key"):
        return create_key(world.actor(cast.ben, cast.workshop), name="script", may_sell=True)[1]


def test_a_file_names_pictures_by_hash_and_brings_them_back(ben: Client, cast: world.Cast) -> None:
    write(ben)
    one, two = add(ben, "teal", "First."), add(ben, "navy", "Second.")
    text = ben.get(f"{HOME}sales-forecast/listing.yaml").content.decode()
    document = yaml.safe_load(text)
    assert document["media"] == [{"sha256": one, "alt": "First."}, {"sha256": two, "alt": "Second."}]
    document["media"].reverse()
    answer: Any = ben.post(f"{HOME}import/", {"text": yaml.safe_dump(document)})
    assert answer.status_code == 302, answer.content.decode()
    assert [(picture["sha256"], len(picture["sizes"])) for picture in media()] == [(two, 3), (one, 3)]


def test_a_file_without_pictures_leaves_them_and_an_empty_list_takes_them_off(ben: Client, cast: world.Cast) -> None:
    write(ben)
    add(ben)
    document = yaml.safe_load(ben.get(f"{HOME}sales-forecast/listing.yaml").content.decode())
    document["media"] = document.pop("media")[:0]
    left = {name: value for name, value in document.items() if name != "media"} | {"summary": "Other words"}
    ben.post(f"{HOME}import/", {"text": yaml.safe_dump(left)})
    assert len(media()) == 1
    ben.post(f"{HOME}import/", {"text": yaml.safe_dump(document)})
    assert media() == []


@pytest.mark.parametrize(
    "named",
    [
        [{"sha256": "ab" * 32, "alt": "x"}],
        [{"sha256": "../../etc/passwd", "alt": "x"}],
        [{"sha256": "ab" * 32}],
        [{"sha256": "ab" * 32, "alt": ""}],
        "x",
    ],
)
def test_a_program_is_told_of_pictures_that_are_not_there(client: Client, cast: world.Cast, named: Any) -> None:
    answer = send(client, key_of(cast), given(media=named))
    assert answer.status_code == 400
    assert "media" in answer.json()


def test_a_program_names_only_pictures_of_its_own_organization(ben: Client, cast: world.Cast) -> None:
    write(ben)
    mine = [{"sha256": add(ben), "alt": "x"}]
    key = key_of(cast)
    assert send(Client(), key, given(reference="mine", media=mine)).status_code == 201
    world.written(lambda: PictureFile.objects.update(org=cast.bakery))()
    assert send(Client(), key, given(reference="theirs", media=mine)).status_code == 400


def test_the_same_sent_twice_changes_nothing(ben: Client, cast: world.Cast) -> None:
    write(ben)
    mine, key = [{"sha256": add(ben), "alt": "x"}], key_of(cast)
    numbers = [send(Client(), key, given(media=mine, submit=True)).json()["number"] for _ in range(2)]
    assert numbers == [1, 1]
    assert send(Client(), key, given(submit=True)).json()["number"] == 1


def test_the_shop_tells_programs_of_the_pictures(ben: Client, cast: world.Cast) -> None:
    write(ben)
    one = add(ben)
    published(cast, listing_of())
    found = Client().get("/api/v1/listings/sales-forecast/").json()["media"]
    url = f"http://testserver/pictures/{one}.webp"
    assert found == [{"sha256": one, "alt": SIGHT, "width": 1200, "height": 800, "url": url}]
