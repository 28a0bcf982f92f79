"""People: who they are, and which wallets are theirs."""
