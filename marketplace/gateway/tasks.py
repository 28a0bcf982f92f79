"""The clocks that run tools and look whether their services answer."""

from celery import shared_task

from marketplace.gateway import charging, probing, runs, testing, trial_runs, trials


@shared_task
def run_waiting() -> None:
    runs.run_waiting()


@shared_task
def give_back_lost_calls() -> None:
    charging.give_back_lost()


@shared_task
def watch_public() -> None:
    probing.watch_public()


@shared_task
def probe_due() -> None:
    probing.probe_due()


@shared_task
def forget_probes() -> None:
    probing.forget()


@shared_task
def run_trials() -> None:
    trial_runs.run_waiting()


@shared_task
def forget_trials() -> None:
    trials.forget()


@shared_task
def run_tests() -> None:
    testing.run_waiting()


@shared_task
def forget_tests() -> None:
    testing.forget()
