"""How payments are often left: as messages to a worker. The control of the wiped broker: it must lose some."""

import os
import time

from celery import Celery

from tests.chain.local_chain import LocalChain, fresh_address

app = Celery("naive", broker=os.environ["REDIS_URL"])
app.conf.update(task_default_queue="naive", task_acks_late=True, worker_prefetch_multiplier=1, task_ignore_result=True)


@app.task
def pay(number: int) -> None:
    """Pay at once; who asked for it keeps no row."""
    LocalChain(os.environ["CHAIN_RPC_URL"]).send(fresh_address(number), value=7)
    time.sleep(0.2)
