"""Keys at rest."""

import pytest

from marketplace.gateway import sealing


def test_a_key_is_known_by_its_digest_only() -> None:
    key = sealing.new_key()
    assert key.text.startswith(key.prefix)
    assert key.text not in key.digest
    assert sealing.is_same(key.text, key.digest)
    assert not sealing.is_same(key.text + "x", key.digest)


def test_a_key_has_256_random_bits() -> None:
    assert len(sealing.new_key().text) >= 3 + 43
    assert len({sealing.new_key().text for _ in range(100)}) == 100


def test_a_providers_key_opens_for_its_own_row() -> None:
    sealed = sealing.seal("secret-of-ben", org_id=1, listing_id=2)
    assert b"secret-of-ben" not in sealed.ciphertext
    assert sealing.unseal(sealed, org_id=1, listing_id=2) == "secret-of-ben"


@pytest.mark.parametrize(("org_id", "listing_id"), [(9, 2), (1, 9)])
def test_a_row_swapped_to_another_owner_does_not_open(org_id: int, listing_id: int) -> None:
    sealed = sealing.seal("secret-of-ben", org_id=1, listing_id=2)
    with pytest.raises(sealing.CannotUnseal):
        sealing.unseal(sealed, org_id=org_id, listing_id=listing_id)
