"""What a person changes about themselves; and wallets, shown to be theirs by a message that only their key signs."""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from eth_utils.address import to_checksum_address

from chain import signatures
from chain.rpc import NodeRefused, NodeUnreachable
from marketplace.accounts.acting import person_of
from marketplace.accounts.models import SignInNonce, User, Wallet
from marketplace.audit.services import record
from marketplace.lifecycle import Refused
from marketplace.tenancy.actor import Actor
from marketplace.tenancy.scope import as_system

Purpose = SignInNonce.Purpose
STATEMENTS = {
    Purpose.LINK: "Link this wallet to my Guildhall account. This costs nothing and moves no money.",
    Purpose.SIGN_IN: "Sign in to Guildhall with this wallet. This costs nothing and moves no money.",
    Purpose.CONFIRM: "Confirm to Guildhall that it is me who acts. This costs nothing and moves no money.",
}
MOST_OPEN_MESSAGES = 5
NO_MATCH = gettext_lazy("The signature does not match, or it came after ten minutes. Please sign once more.")


def rename(actor: Actor, *, name: str) -> User:
    """Call the person by another name."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=person_of(actor))
        user.name = name
        user.save(update_fields=["name"])
        record(actor, "person.renamed", user)
    return user


def checked_language(code: str) -> str:
    """One of the market's languages; raises Refused."""
    if code not in dict(settings.LANGUAGES):
        raise Refused(_("This market does not speak that language."))
    return code


def choose_language(actor: Actor, *, language: str) -> None:
    """Speak and write to the person in another language; raises Refused for one that the market does not speak."""
    language = checked_language(language)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=person_of(actor))
        if user.language == language:
            return
        user.language = language
        user.save(update_fields=["language"])
        record(actor, "person.language_chosen", user, language=language)


def checked_address(text: str) -> str:
    """An address in its EIP-55 spelling; raises Refused."""
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        raise Refused(_("This is not the address of a wallet: it should be 0x and 40 digits."))
    return str(to_checksum_address(text))


def issue_message(actor: Actor, *, address: str, origin: str, purpose: str = Purpose.LINK) -> str:
    """The EIP-4361 text that `address` has to sign within ten minutes; `origin` is the page's, as https://host."""
    return _issue(SignInNonce(user_id=person_of(actor), purpose=purpose, address=checked_address(address)), origin)


def issue_sign_in_message(actor: Actor, *, browser: str, address: str, origin: str) -> str:
    """The same for somebody who is not signed in; only a session that holds the secret `browser` can answer."""
    nonce = SignInNonce(browser=_digest(browser), purpose=Purpose.SIGN_IN, address=checked_address(address))
    with transaction.atomic(), as_system("nobody is signed in yet"):
        long_ago = timezone.now() - 2 * SignInNonce.LIFETIME
        SignInNonce.objects.filter(purpose=Purpose.SIGN_IN, created_at__lt=long_ago).delete()
        return _issue(nonce, origin)


def _issue(nonce: SignInNonce, origin: str) -> str:
    now = timezone.now()
    nonce.value, nonce.created_at = secrets.token_hex(16), now
    nonce.message = signatures.siwe_message(
        domain=urlsplit(origin).netloc,
        address=nonce.address,
        statement=STATEMENTS[Purpose(nonce.purpose)],
        uri=origin,
        chain_id=int(settings.CHAIN_ID.partition(":")[2]),
        nonce=nonce.value,
        issued_at=now.isoformat(timespec="seconds"),
        expiration_time=(now + SignInNonce.LIFETIME).isoformat(timespec="seconds"),
    )
    with transaction.atomic():
        same = SignInNonce.objects.filter(user=nonce.user, browser=nonce.browser)
        same.exclude(pk__in=same.fresh(now).order_by("-created_at")[: MOST_OPEN_MESSAGES - 1]).delete()
        nonce.save()
    return nonce.message


def _digest(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()


def prove_wallet(actor: Actor, *, browser: str, address: str, signature: str) -> str:
    """The address whose key has signed a message that we gave to this browser; raises Refused.

    Its open messages are used up first, whatever comes of it, so that of any number of answers one counts; and the
    chain is asked about a contract wallet afterwards, outside the transaction.
    """
    address = checked_address(address)
    with transaction.atomic(), as_system("nobody is signed in yet"):
        open_messages = SignInNonce.objects.filter(
            purpose=Purpose.SIGN_IN, browser=_digest(browser), address=address
        ).select_for_update()
        taken = list(open_messages.fresh(timezone.now()).order_by("-created_at"))
        open_messages.delete()
    if not any(_signed(address, nonce.message, signature) for nonce in taken):
        raise Refused(NO_MATCH)
    return address


def holder_of(actor: Actor, *, address: str) -> User | None:
    """Whose wallet it is. Only for who has proved to hold its key."""
    with transaction.atomic(), as_system("nobody is signed in yet"):
        wallet = Wallet.objects.select_related("user").filter(address=address).first()
    return wallet.user if wallet else None


def link_wallet(actor: Actor, *, address: str, signature: str) -> Wallet:
    """Note that the person holds the key of `address`, shown by its signature under a message that we issued."""
    with transaction.atomic():
        address = _take(actor, Purpose.LINK, address, signature)
        return link_proven_wallet(actor, address=address)


def link_proven_wallet(actor: Actor, *, address: str) -> Wallet:
    """The same for an address that `prove_wallet` has answered to this person's browser."""
    with transaction.atomic():
        wallet = _hold(actor, address)
        record(actor, "wallet.linked", wallet, address=address)
    return wallet


def confirm_with_wallet(actor: Actor, *, address: str, signature: str) -> str:
    """The address of a wallet of the person's that has signed a message to confirm who acts; raises Refused."""
    with transaction.atomic():
        address = _take(actor, Purpose.CONFIRM, address, signature)
        if not Wallet.objects.held_by(person_of(actor)).filter(address=address).exists():
            raise Refused(_("This wallet is not linked to your account."))
    return address


def _take(actor: Actor, purpose: str, address: str, signature: str) -> str:
    """Use up the person's open message that `signature` answers."""
    address = checked_address(address)
    mine = SignInNonce.objects.filter(user_id=person_of(actor), purpose=purpose, address=address)
    for nonce in mine.fresh(timezone.now()).select_for_update().order_by("-created_at"):
        if _signed(address, nonce.message, signature):
            nonce.delete()
            return address
    raise Refused(NO_MATCH)


def _signed(address: str, message: str, signature: str) -> bool:
    """Whether `address` signed it; a contract wallet is asked on chain, which may not answer."""
    try:
        return signatures.is_valid(address, message, signature)
    except (NodeRefused, NodeUnreachable):
        raise Refused(_("We cannot ask the chain about this wallet right now. Please try again in a minute.")) from None


def _hold(actor: Actor, address: str) -> Wallet:
    """Store the wallet. Whose it is already, if anybody's, is not told: the unique key speaks, not a look-up."""
    User.objects.select_for_update().get(pk=person_of(actor))  # two wallets at once: one of them is the first
    mine = Wallet.objects.held_by(person_of(actor))
    if mine.filter(address=address).exists():
        raise Refused(_("This wallet is linked to your account already."))
    try:
        with transaction.atomic():
            first = not mine.exists()
            return Wallet.objects.create(user_id=person_of(actor), address=address, is_payout=first)
    except IntegrityError:
        raise Refused(_("This wallet cannot be linked to your account. Use another one, or ask us for help.")) from None


def _own(actor: Actor, wallet_id: int) -> Wallet:
    wallet = Wallet.objects.select_for_update().filter(user_id=person_of(actor), pk=wallet_id).first()
    if wallet is None:
        raise Refused(_("This wallet is not linked to your account any more."))
    return wallet


def prefer_for_payouts(actor: Actor, *, wallet_id: int) -> Wallet:
    """Offer this wallet of the person's first where payouts go; what organizations have chosen stays."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person_of(actor))
        wallet = _own(actor, wallet_id)
        Wallet.objects.held_by(person_of(actor)).update(is_payout=False)
        wallet.is_payout = True
        wallet.save(update_fields=["is_payout"])
        record(actor, "wallet.preferred_for_payouts", wallet, address=wallet.address)
    return wallet


def unlink_wallet(actor: Actor, *, wallet_id: int) -> str:
    """Forget a wallet of the person's; answers its address. Payments that are under way are not touched.

    Refused while an organization is paid to it. The row's lock is also taken by who chooses it for payouts.
    """
    paid_to: Callable[[str], Iterable[str]] = import_string(settings.WALLET_USES_HOOK)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person_of(actor))
        wallet = _own(actor, wallet_id)
        if names := ", ".join(paid_to(wallet.address)):
            raise Refused(
                _("%(names)s: paid to this wallet. Choose another payout wallet in the settings there first.")
                % {"names": names}
            )
        record(actor, "wallet.unlinked", wallet, address=wallet.address)
        was_payout = wallet.is_payout
        wallet.delete()
        oldest = Wallet.objects.held_by(person_of(actor)).order_by("linked_at").first()
        if was_payout and oldest:
            oldest.is_payout = True
            oldest.save(update_fields=["is_payout"])
    return wallet.address


PROOF_LASTS = timedelta(minutes=30)  # long enough to create an account in between
