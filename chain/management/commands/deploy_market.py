"""Put the market's contracts on the local chain."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chain import market
from chain.client import NodeUnreachable, WrongChain, client


class Command(BaseCommand):
    help = "Deploy all contracts on a local chain and register them; does nothing when they are there already."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            market.require_local(settings.CHAIN_ID)
            node = client()
            if market.deployed(node):
                self.stdout.write("The market's contracts are on the chain already.")
                return
            contracts = market.deploy(node)
        except (market.CannotDeploy, NodeUnreachable, WrongChain) as problem:
            raise CommandError(str(problem)) from problem
        for contract in contracts:
            self.stdout.write(f"{contract.name:14} {contract.address}")
