"""The sending accounts that the settings name. Each is opened once a process."""

import re
from functools import cache
from typing import cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from chain.signing.local import LocalKey
from chain.signing.seam import Checked, Signer


@cache
def _key(key: str) -> Signer:
    return LocalKey(key)


@cache
def _keystore(path: str, password: str) -> Signer:
    return LocalKey.from_keystore(path, password)


@cache
def _elsewhere(path: str) -> Signer:
    return Checked(cast(Signer, import_string(path)()))


def items(text: str) -> list[str]:
    """What a setting lists, separated by commas or white space."""
    return [item for item in re.split(r"[,\s]+", text) if item]


def signers() -> list[Signer]:
    """The market's sending accounts: all of RELAYER_KEY, RELAYER_KEYSTORE and RELAYER_SIGNER."""
    found = [_key(key) for key in items(settings.RELAYER_KEY)]
    found += [_keystore(path, settings.RELAYER_KEYSTORE_PASSWORD) for path in items(settings.RELAYER_KEYSTORE)]
    found += [_elsewhere(path) for path in items(settings.RELAYER_SIGNER)]
    if not found:
        raise ImproperlyConfigured(
            "Set RELAYER_KEY, RELAYER_KEYSTORE or RELAYER_SIGNER: the account that sends for the market."
        )
    if len({each.address for each in found}) < len(found):
        raise ImproperlyConfigured("RELAYER_KEY, RELAYER_KEYSTORE and RELAYER_SIGNER name an account twice.")
    return found


def signer() -> Signer:
    """The first of the accounts."""
    return signers()[0]


def only_for(account: Signer) -> list[str]:
    """The roles of RELAYER_ROLES that an account has. One with a role signs only what asks for it."""
    return [role for role, address in settings.RELAYER_ROLES.items() if address.lower() == account.address.lower()]
