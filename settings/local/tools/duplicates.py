"""The tool `duplicate-customers`: groups of rows that are probably the same customer, by rapidfuzz."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from .answers import Json, counted, envelope, table
from .customers import Customer, customers_of
from .files import bytes_of, table_of, text_of

MOST_ROWS = 20_000
LARGEST_BLOCK = 60
NEIGHBOURS = 6
Pair = tuple[int, int]
Hint = tuple[float, float, str]  # what speaks for a duplicate, what against it (each 0 to 1), in words


def run(given: Json) -> Json:
    """Return the groups for the form's input: `file`, `threshold` (50 to 100) and `country` (ISO 3166)."""
    found = table_of(text_of(bytes_of(given["file"])), max_rows=MOST_ROWS)
    customers, kinds = customers_of(found, given["country"])
    scored, crowded = scored_pairs(customers, given["threshold"])
    return _answer(customers, kinds, groups_of(len(customers), scored), scored, crowded)


def scored_pairs(customers: list[Customer], threshold: float) -> tuple[dict[Pair, tuple[float, list[str]]], int]:
    """Return score (0 to 100) and reasons of each pair at or above the threshold, and how many crowds were skipped.

    The order of the rows changes nothing: rows that are equal in all that is compared stand for each other.
    """
    same: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, customer in enumerate(customers):
        if any(customer.key()):
            same[customer.key()].append(place)
    scored: dict[Pair, tuple[float, list[str]]] = {}
    for places in same.values():
        for other in places[1:]:
            score, _ = compare(customers[places[0]], customers[other])
            if score >= threshold:
                scored[places[0], other] = score, ["all compared columns the same"]
    heads = sorted(same)
    people = [customers[same[key][0]] for key in heads]
    pairs, crowded = _candidates(people)
    for one, other in pairs:
        score, reasons = compare(people[one], people[other])
        if score >= threshold:
            first, second = sorted((same[heads[one]][0], same[heads[other]][0]))
            scored[first, second] = score, reasons
    return scored, crowded


def _candidates(people: list[Customer]) -> tuple[set[Pair], int]:
    """Return the pairs worth comparing: those who share a key, and neighbours in the order of names."""
    blocks: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, customer in enumerate(people):
        for key in set(_keys(customer)):
            blocks[key].append(place)
    pairs: set[Pair] = set()
    crowded = 0
    for block in blocks.values():
        if len(block) > LARGEST_BLOCK:
            crowded += 1
        elif len(block) > 1:
            pairs.update(combinations(block, 2))
    for ordered in (sorted(range(len(people)), key=lambda place: people[place].name),
                    sorted(range(len(people)), key=lambda place: people[place].name[::-1])):  # fmt: skip
        named = [place for place in ordered if people[place].name]
        for at, place in enumerate(named):
            pairs.update((min(place, other), max(place, other)) for other in named[at + 1 : at + NEIGHBOURS])
    return pairs, crowded


def _keys(customer: Customer) -> Iterator[tuple[str, str]]:
    if customer.email:
        yield "email", customer.email
        yield "mailbox", customer.email.partition("@")[0]
    if customer.phone:
        yield "phone", customer.phone[-8:]
    words = f"{customer.name} {customer.company}".split()
    if customer.postcode:
        for word in words:
            yield "name and postcode", f"{word[:3]} {customer.postcode}"
    if customer.street:
        yield "address", f"{customer.street[:8]} {customer.house} {customer.postcode[:3]}"
    for kind, text in (("name", customer.name), ("company", customer.company)):
        if text:
            yield kind, text


def compare(one: Customer, other: Customer) -> tuple[float, list[str]]:
    """Return how probably two rows are one customer, 0 to 100, and the reasons; the same for (a, b) and (b, a).

    Agreement of independent columns adds up like independent evidence; whatever disagrees takes away.
    """
    doubt, against, reasons = 1.0, 1.0, []
    for strength, penalty, reason in (*_names(one, other), *_contacts(one, other), _address(one, other)):
        doubt *= 1 - strength
        against *= 1 - penalty
        if reason:
            reasons.append(reason)
    return round(100 * (1 - doubt) * against, 1), reasons


def _names(one: Customer, other: Customer) -> Iterator[Hint]:
    for left, right, strength, penalty, kind in (
        (one.name, other.name, 0.72, 0.45, "name"),
        (one.company, other.company, 0.5, 0.25, "company"),
    ):
        if not left or not right:
            continue
        likeness = _likeness(left, right)
        if likeness >= 99.5:
            yield strength, 0.0, f"same {kind}"
        elif likeness >= 84:
            yield strength * (likeness - 50) / 50, 0.0, f"similar {kind} ({likeness:.0f} %)"
        else:
            yield 0.0, penalty, ""


def _contacts(one: Customer, other: Customer) -> Iterator[Hint]:
    from rapidfuzz import fuzz

    if one.email and other.email:
        digits = [[c for c in email if c.isdigit()] for email in (one.email, other.email)]
        if one.email == other.email:
            yield 0.85, 0.0, "same e-mail"
        # anna1@ and anna2@ are two people more often than a slip of the finger.
        elif digits[0] == digits[1] and fuzz.ratio(one.email, other.email) >= 92:
            yield 0.45, 0.0, "e-mail differs by a letter or two"
        else:
            yield 0.0, 0.08, ""
    if one.phone and other.phone:
        yield (0.7, 0.0, "same phone number") if one.phone == other.phone else (0.0, 0.08, "")


def _address(one: Customer, other: Customer) -> Hint:
    from rapidfuzz import fuzz

    street = bool(one.street and other.street) and fuzz.ratio(one.street, other.street) >= 85
    postcode = bool(one.postcode) and one.postcode == other.postcode
    if street and one.house == other.house and (postcode or (one.city and one.city == other.city)):
        return 0.6, 0.0, "same address" if one.street == other.street else "nearly the same address"
    if postcode:
        return 0.15, 0.0, "same postcode"
    return 0.0, 0.12 if one.postcode and other.postcode else 0.0, ""


def _likeness(left: str, right: str) -> float:
    """Return how alike two names are, 0 to 100; no more alike than their least alike words allow."""
    from rapidfuzz import fuzz
    from rapidfuzz.distance import JaroWinkler

    worst = _worst_word(left, right)
    if worst >= 0.9 and any(len(word) == 1 for word in f"{left} {right}".split()):
        return 88.0  # J. Müller and Jürgen Müller
    ratio = max(fuzz.token_sort_ratio(left, right), 100 * JaroWinkler.similarity(*sorted((left, right))))
    return min(ratio, 100 * worst + 12)


def _worst_word(left: str, right: str) -> float:
    """Return the likeness (0 to 1) of the least alike word pair, so that Anna Schmidt is not Hans Schmidt."""
    from rapidfuzz.distance import JaroWinkler

    ours, theirs = left.split(), right.split()
    if len(ours) > len(theirs) or (len(ours) == len(theirs) and ours > theirs):
        ours, theirs = theirs, ours
    worst = 1.0
    for word in ours:
        best = max(_alike(word, other, JaroWinkler.similarity(*sorted((word, other)))) for other in theirs)
        worst = min(worst, best)
    return worst


def _alike(one: str, other: str, likeness: float) -> float:
    # An initial stands for the name that it begins.
    return 0.9 if 1 in (len(one), len(other)) and one[0] == other[0] else likeness


def groups_of(size: int, pairs: Iterable[Pair]) -> list[list[int]]:
    """Return the groups that pairs connect, each in file order, the one that starts first in the file first."""
    leader = list(range(size))

    def lead(place: int) -> int:
        while leader[place] != place:
            leader[place] = leader[leader[place]]
            place = leader[place]
        return place

    for one, other in pairs:
        ours, theirs = sorted((lead(one), lead(other)))
        leader[theirs] = ours
    members: dict[int, list[int]] = defaultdict(list)
    for place in range(size):
        members[lead(place)].append(place)
    return [group for group in members.values() if len(group) > 1]


def _answer(
    customers: list[Customer],
    kinds: list[str],
    groups: list[list[int]],
    scored: dict[Pair, tuple[float, list[str]]],
    crowded: int,
) -> Json:
    group_of = {place: number for number, group in enumerate(groups) for place in group}
    links: dict[int, list[tuple[float, list[str]]]] = defaultdict(list)
    for (one, _), link in sorted(scored.items()):
        links[group_of[one]].append(link)
    found: list[Json] = []
    for number, group in enumerate(groups):
        reasons = Counter(reason for _, why in links[number] for reason in why)
        members = [{"line": customers[place].line, "label": customers[place].label} for place in group]
        score = min(score for score, _ in links[number])
        found.append({"score": score, "reasons": [reason for reason, _ in reasons.most_common()], "rows": members})
    order = sorted(range(len(found)), key=lambda number: (-found[number]["score"], found[number]["rows"][0]["line"]))
    spare = sum(len(group) - 1 for group in groups)
    total = counted(len(customers), "customer")
    summary = f"No probable duplicates among {total}."
    if groups:
        summary = (
            f"{counted(len(groups), 'group')} of probable duplicates among {total}: merging them would remove "
            f"{counted(spare, 'row')}."
        )
    heading = ["Group", "Score", "Line", "Id", "Name", "Company", "E-mail", "Phone", "Street", "Town", "Why"]
    shown = order[:500]
    rows: list[list[Any]] = [
        [at, found[n]["score"], customers[p].line, *customers[p].shown, "; ".join(found[n]["reasons"])]
        for at, n in enumerate(shown, start=1)
        for p in groups[n]
    ]
    notes = _notes(kinds, len(order), len(shown), crowded)
    data = {"rows": len(customers), "groups": [found[number] for number in order], "duplicates": spare}
    return envelope(summary, data, [table("Probable duplicates", heading, rows)] if groups else [], notes=notes)


def _notes(kinds: list[str], total: int, shown: int, crowded: int) -> list[str]:
    notes = [f"Compared: {', '.join(kinds)}."]
    if total > shown:
        notes.append(f"The table shows the {shown} surest groups; the full result has all {total:,}.")
    if crowded:
        notes.append(
            f"{counted(crowded, 'value')} shared by more than {LARGEST_BLOCK} customers (such as a central phone "
            "number) did not count as a hint by itself."
        )
    notes.append("A group's score is that of its weakest link. Nothing was merged: please look before you delete.")
    return notes
