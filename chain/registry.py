"""Which contracts are watched, and from where they are read."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least
from eth_utils.address import to_checksum_address

from chain.models import Contract, CopyPosition


def register(*, chain: str, name: str, address: str, deployed_block: int, topics: Sequence[str] = ()) -> Contract:
    """Watch a contract from its deployment on, for all its events or for those with one of these first topics.

    Registering it again changes nothing; with other topics it raises ValueError, for what was read would lack the new.

    When the chain is already copied beyond `deployed_block`, its position goes back to the block before: reading again
    is idempotent, and the newcomer's logs arrive in ascending order. Cursors do not go back, so a projection that
    starts to read a further contract does it under a cursor of its own.
    """
    kinds = sorted(topic.lower() for topic in topics)
    with transaction.atomic():
        CopyPosition.objects.get_or_create(chain=chain)
        position = CopyPosition.objects.select_for_update().get(chain=chain)
        contract, created = Contract.objects.get_or_create(
            chain=chain,
            address=to_checksum_address(address),
            defaults={"name": name, "deployed_block": deployed_block, "topics": kinds},
        )
        if contract.topics != kinds:
            raise ValueError(f"{contract} is watched for other events already.")
        if created and position.copied_number >= deployed_block:
            CopyPosition.objects.filter(pk=position.pk).update(
                copied_number=Least(F("copied_number"), deployed_block - 1), copied_hash=""
            )
    return contract
