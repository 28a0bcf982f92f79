"""Link a wallet to a person, by a message that only the wallet's key can sign."""

import re
import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from eth_utils.address import to_checksum_address

from chain import signatures
from chain.rpc import NodeRefused, NodeUnreachable
from marketplace.accounts.acting import person_of
from marketplace.accounts.models import SignInNonce, Wallet
from marketplace.audit.services import record
from marketplace.lifecycle import Refused
from marketplace.tenancy.actor import Actor

STATEMENT = "Link this wallet to my Guildhall account. This costs nothing and moves no money."
MOST_OPEN_MESSAGES = 5


def _checked(address: str) -> str:
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", address):
        raise Refused("This is not the address of a wallet: it should be 0x and 40 digits.")
    return str(to_checksum_address(address))


def issue_link_message(actor: Actor, *, address: str, origin: str) -> str:
    """The EIP-4361 text that `address` has to sign within ten minutes; `origin` is the page's, as https://host."""
    address = _checked(address)
    now = timezone.now()
    with transaction.atomic():
        mine = SignInNonce.objects.filter(user_id=person_of(actor))
        mine.exclude(pk__in=mine.fresh(now).order_by("-created_at")[: MOST_OPEN_MESSAGES - 1]).delete()
        nonce = SignInNonce(user_id=person_of(actor), value=secrets.token_hex(16), address=address, created_at=now)
        nonce.message = signatures.siwe_message(
            domain=urlsplit(origin).netloc,
            address=address,
            statement=STATEMENT,
            uri=origin,
            chain_id=int(settings.CHAIN_ID.partition(":")[2]),
            nonce=nonce.value,
            issued_at=now.isoformat(timespec="seconds"),
            expiration_time=(now + SignInNonce.LIFETIME).isoformat(timespec="seconds"),
        )
        nonce.save()
    return nonce.message


def link_wallet(actor: Actor, *, address: str, signature: str) -> Wallet:
    """Note that the person holds the key of `address`, shown by its signature under a message that we issued."""
    address = _checked(address)
    with transaction.atomic():
        open_messages = SignInNonce.objects.filter(user_id=person_of(actor), address=address).fresh(timezone.now())
        for nonce in open_messages.select_for_update().order_by("-created_at"):
            if _signed(address, nonce.message, signature):
                nonce.delete()
                break
        else:
            raise Refused("The signature does not match, or it came after ten minutes. Please sign once more.")
        wallet = _hold(actor, address)
        record(actor, "wallet.linked", wallet, address=address)
    return wallet


def _signed(address: str, message: str, signature: str) -> bool:
    """Whether `address` signed it; a contract wallet is asked on chain, which may not answer."""
    try:
        return signatures.is_valid(address, message, signature)
    except (NodeRefused, NodeUnreachable):
        raise Refused("We cannot ask the chain about this wallet right now. Please try again in a minute.") from None


def _hold(actor: Actor, address: str) -> Wallet:
    """Store the wallet. Whose it is already, if anybody's, is not told: the unique key speaks, not a look-up."""
    if Wallet.objects.filter(user_id=person_of(actor), address=address).exists():
        raise Refused("This wallet is linked to your account already.")
    try:
        with transaction.atomic():
            return Wallet.objects.create(user_id=person_of(actor), address=address)
    except IntegrityError:
        raise Refused("This wallet cannot be linked to your account. Use another one, or ask us for help.") from None


def unlink_wallet(actor: Actor, *, wallet_id: int) -> str:
    """Forget a wallet of the person's; answers its address. Payments that are under way are not touched."""
    with transaction.atomic():
        wallet = Wallet.objects.select_for_update().filter(user_id=person_of(actor), pk=wallet_id).first()
        if wallet is None:
            raise Refused("This wallet is not linked to your account any more.")
        record(actor, "wallet.unlinked", wallet, address=wallet.address)
        wallet.delete()
    return wallet.address
