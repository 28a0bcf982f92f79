"""Payouts a second from one account with a local key: 1,000 transfers, from the first signature to all of them mined."""

import cProfile
import os
import pstats
import sys
import time
from collections.abc import Iterator

from benchmarks import Result
from settings.local import services

PAYOUTS = 1000
LIMIT = 120.0


def run() -> Iterator[Result]:
    """Everything as in production but the pause between two rounds; duplicates and gaps are looked for on the chain."""
    with services.running() as env:
        os.environ.update(env, DJANGO_SETTINGS_MODULE="benchmarks._settings", LOG_FORMAT="console")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", database="owner", verbosity=0, skip_checks=True)
        yield from _measured()


def _address(number: int) -> str:
    return f"0x{0xBEEF << 128 | number:040x}"


def _measured() -> Iterator[Result]:
    from chain import sender
    from chain.client import client
    from chain.models import Attempt, OutgoingTransaction, SendingAccount, State
    from chain.outbox import submit
    from chain.signing import signer

    node, account = client(), signer()
    first = int(node.rpc("eth_getTransactionCount", account.address, "latest"), 16)
    for number in range(PAYOUTS):
        submit(key=f"payout {number}", to=_address(number), data=b"", value=number + 1)
    profile = cProfile.Profile() if os.environ.get("PROFILE") else None
    began, cpu, rounds = time.perf_counter(), time.process_time(), 0
    if profile:
        profile.enable()
    while OutgoingTransaction.objects.exclude(state__in=[State.MINED, State.FINAL]).exists():
        sender.send()
        rounds += 1
        if time.perf_counter() - began > LIMIT:
            break
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    if profile:
        profile.disable()
        pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(45)
    print(f"  {seconds:.2f} s, {rounds} rounds, {cpu / PAYOUTS * 1000:.2f} ms CPU a payout of ours", file=sys.stderr)
    yield Result("payouts", PAYOUTS / seconds, "a second", 100, at_most=False)

    balances = [node.balance(_address(number)) for number in range(PAYOUTS)]
    wrong = sum(balance != number + 1 for number, balance in enumerate(balances))
    yield Result("payouts.wrong", wrong, "missing or paid twice", 0)
    nonces = sorted(OutgoingTransaction.objects.values_list("nonce", flat=True))
    used = int(node.rpc("eth_getTransactionCount", account.address, "latest"), 16)
    gaps = len(set(range(first, first + PAYOUTS)) ^ set(nonces)) + abs(used - first - PAYOUTS)
    yield Result("payouts.gaps", gaps, "nonces missing or too many", 0)
    yield Result("payouts.attempts", Attempt.objects.count() - PAYOUTS, "transactions signed again", 0)
    print(f"  {SendingAccount.objects.get()}", file=sys.stderr)
