"""What a DAO's accounts hold, and what came in and went out.

Accounts are the timelocks that the governor has had and, of the market's own, whoever the escrow's fee went or goes to.
Transfers of tokens are asked of the node with these accounts as topics, so that a busy token need not be copied; what
escrow and timelocks say is in the copied logs. Movements are added up and held against the balances by who shows them:
what a node withheld is a difference there.
"""
