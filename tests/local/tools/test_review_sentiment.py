"""Review insights: sentiments that people would give, topics that reviews share, languages told plainly."""

from typing import Any

import pytest

from settings.local.tools.sentiment import language_of, score

GOOD = [
    "The delivery was fast and the shoes fit perfectly.",
    "I can't complain, everything arrived on time.",
    "Lovely little restaurant, the pasta was delicious.",
    "No problems so far.",
    "Works as described.",
    "Super schnelle Lieferung, gerne wieder!",
    "Das Essen war köstlich und das Personal sehr freundlich.",
    "Nicht schlecht, kann ich empfehlen.",
    "Keine Probleme, alles bestens.",
    "Gefällt mir wirklich gut.",
]
BAD = [
    "Not good at all, the zip broke after two days.",
    "The battery dies after an hour.",
    "Would not recommend.",
    "Nobody answered my e-mails.",
    "Never again! Arrived damaged and the refund took a month.",
    "Die Lieferung kam drei Wochen zu spät.",
    "Gefällt mir leider nicht.",
    "Das Gerät funktioniert nicht.",
    "Nicht zu empfehlen.",
    "Der Kaffee war kalt und viel zu teuer.",
    "Nie wieder! Der Service war unfreundlich.",
]


@pytest.mark.parametrize("text", GOOD)
def test_praise_is_positive(text: str) -> None:
    assert score(text, language_of(text) or "en") >= 0.25


@pytest.mark.parametrize("text", BAD)
def test_complaints_are_negative(text: str) -> None:
    assert score(text, language_of(text) or "en") <= -0.25


@pytest.mark.parametrize("text", ["The parcel came on Tuesday.", "Das Paket kam am Dienstag."])
def test_a_fact_is_neutral(text: str) -> None:
    assert score(text, language_of(text) or "en") == 0


@pytest.mark.parametrize(
    ("plain", "negated"),
    [
        ("The soup was good.", "The soup was not good."),
        ("Der Service war gut.", "Der Service war nicht gut."),
        ("Das gefällt mir.", "Das gefällt mir nicht."),
        ("Das Gerät funktioniert.", "Das Gerät funktioniert leider nicht."),
    ],
)
def test_a_negation_turns_the_sentiment(plain: str, negated: str) -> None:
    language = language_of(plain) or "en"
    assert score(plain, language) > 0 > score(negated, language)


def test_languages_are_told_apart_and_others_are_not_guessed_at() -> None:
    assert language_of("The coffee was cold and we had to wait.") == "en"
    assert language_of("Der Kaffee war kalt und wir mussten warten.") == "de"
    assert language_of("Le café était froid et nous avons dû attendre longtemps.") is None


def test_a_review_in_another_language_is_listed_but_not_rated(ask: Any) -> None:
    text = "Great service!\nLe café était froid et nous avons dû attendre longtemps."
    _, answer = ask("review-sentiment", reviews=text)
    assert [review["sentiment"] for review in answer["data"]["reviews"]] == ["positive", None]
    assert sum(answer["data"]["overall"]["counts"].values()) == 1
    assert "1 review in no language that was recognised was not rated." in answer["notes"]


def test_topics_are_what_several_reviews_mention_with_how_they_feel_about_it(ask: Any) -> None:
    text = "The delivery was late.\nLate delivery, terrible.\nI love the packaging.\nNice packaging!\nNice colour."
    _, answer = ask("review-sentiment", reviews=text)
    topics = {topic["name"]: topic for topic in answer["data"]["topics"]}
    assert topics["delivery"]["reviews"] == 2 and topics["delivery"]["sentiment"] == "negative"
    assert topics["packaging"]["sentiment"] == "positive"
    assert "colour" not in topics
    assert all(example in text for topic in topics.values() for example in topic["examples"])
    assert answer["summary"].endswith("You are praised most for packaging and blamed most for delivery.")


def test_german_forms_of_a_word_are_one_topic(ask: Any) -> None:
    _, answer = ask("review-sentiment", reviews="Die Lieferung war schnell.\nAlle Lieferungen kamen zu spät.")
    assert [(topic["name"], topic["reviews"]) for topic in answer["data"]["topics"]] == [("Lieferung", 2)]


def test_a_csv_a_list_and_pasted_lines_give_the_same_sentiments(ask: Any, upload: Any) -> None:
    reviews = ["The soup was good, really.", "The waiter was rude."]
    csv = 'date,comment\n2025-01-01,"The soup was good, really."\n2025-01-02,The waiter was rude.\n'
    german = "Datum;Bewertung\n1.1.25;The soup was good, really.\n2.1.25;The waiter was rude.\n"
    given = [
        {"reviews": "\n".join(reviews)},
        {"file": upload(csv)},
        {"file": upload(german)},
        {"file": upload("review\n" + "\n".join(reviews))},
    ]
    answers = [ask("review-sentiment", **one)[1]["data"]["reviews"] for one in given]
    assert all(
        [(r["text"], r["score"]) for r in answer] == [(r["text"], r["score"]) for r in answers[0]] for answer in answers
    )
    assert [review["sentiment"] for review in answers[0]] == ["positive", "negative"]


def test_the_order_of_reviews_changes_no_sentiment_and_no_count(ask: Any) -> None:
    _, forth = ask("review-sentiment", reviews="\n".join(GOOD + BAD))
    _, back = ask("review-sentiment", reviews="\n".join((GOOD + BAD)[::-1]))
    assert forth["data"]["overall"] == back["data"]["overall"]
    assert {t["name"]: t["reviews"] for t in forth["data"]["topics"]} == {
        t["name"]: t["reviews"] for t in back["data"]["topics"]
    }


@pytest.mark.parametrize(
    ("text", "status", "sentence"),
    [
        (" \n ", 422, "There is no review in it."),
        (
            "Le café était froid et nous avons dû attendre.",
            422,
            "None of the reviews was recognised as English or German; these are the languages it reads.",
        ),
        ("Good.\n" + "x" * 5001, 422, "Line 2: this review has 5,001 characters; at most 5,000 are allowed."),
        ("Good.\n" * 2001, 413, "2,001 reviews were given; at most 2,000 are allowed."),
    ],
)
def test_reviews_that_cannot_be_read_get_a_sentence(text: str, status: int, sentence: str, ask: Any) -> None:
    assert ask("review-sentiment", reviews=text) == (status, {"error": {"message": sentence, "field": "reviews"}})


def test_a_csv_without_a_column_of_reviews_is_named(ask: Any, upload: Any) -> None:
    status, answer = ask("review-sentiment", file=upload("date,stars\n2025-01-01,5\n"))
    assert status == 422
    assert (
        answer["error"]["message"]
        == "No column with reviews was found among “date”, “stars”; name one of them “review”."
    )
