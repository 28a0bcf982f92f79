"""The scope of a transaction."""

import pytest

from marketplace.tenancy.scope import NoTransaction, as_system, scope


@pytest.mark.django_db(transaction=True)
def test_a_scope_outside_a_transaction_is_refused() -> None:
    with pytest.raises(NoTransaction), scope(org_id=1):
        pass


@pytest.mark.django_db
def test_system_work_says_why() -> None:
    with pytest.raises(ValueError, match="Say why"), as_system(""):
        pass
