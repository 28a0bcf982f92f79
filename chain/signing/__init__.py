"""Who signs for the market: keys of this process, keystore files, or a signer elsewhere, all behind one seam."""

from chain.signing.configured import only_for, signer, signers
from chain.signing.local import LocalKey
from chain.signing.seam import CannotSign, Fees, Signed, Signer

__all__ = ["CannotSign", "Fees", "LocalKey", "Signed", "Signer", "only_for", "signer", "signers"]
