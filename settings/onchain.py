"""The chain, the accounts that send for the market, and what it pays for on it."""

from settings.env import chains, envint, envlist, envsecret, envstr

CHAIN_ID = envstr("CHAIN_ID", "eip155:31337")
CHAINS = {
    CHAIN_ID: {
        "rpc_url": envsecret("CHAIN_RPC_URL", "http://127.0.0.1:8545"),
        "confirmations": envint("CHAIN_CONFIRMATIONS", 2),
        "finality": envstr("CHAIN_FINALITY", "confirmations"),
        "witness_url": envsecret("CHAIN_WITNESS_URL", ""),
        "ws_url": envsecret("CHAIN_WS_URL", ""),
        # of the outbox; wei where it is an amount, 0 for none
        "max_in_flight": envint("RELAYER_MAX_IN_FLIGHT", 64),
        "daily_gas_budget": envint("RELAYER_DAILY_GAS_BUDGET", 0),
        "low_balance": envint("RELAYER_LOW_BALANCE", 0),
    },
    **chains("CHAINS_FILE"),
}
NODE_BACKOFF_SECONDS = envint("NODE_BACKOFF_SECONDS", 1)
# The accounts that send for the market: keys in hex, version 3 keystores, or dotted paths of signers elsewhere.
RELAYER_KEY = envsecret("RELAYER_KEY", "")
RELAYER_KEYSTORE = envstr("RELAYER_KEYSTORE", "")
RELAYER_KEYSTORE_PASSWORD = envsecret("RELAYER_KEYSTORE_PASSWORD", "")
RELAYER_SIGNER = envstr("RELAYER_SIGNER", "")
# Signs how much of a deposit for calls is used. After a change the old key stands behind the new one, with a comma.
METERING_KEY = envsecret("METERING_KEY", "")
RELAYER_ROLES = dict(pair.split("=", 1) for pair in envlist("RELAYER_ROLES"))  # arbiter=0x…
# Up to how much, in whole units of the currency, one moderator rules alone; above it a second one confirms.
DISPUTE_ALONE_UP_TO = envint("DISPUTE_ALONE_UP_TO", 100)
# For how many days after a ruling each side may appeal to the DAO.
DISPUTE_APPEAL_DAYS = envint("DISPUTE_APPEAL_DAYS", 14)
# What the market hands in for voters, at its own cost: how many a day (UTC), for how many wei a day (0: what the outbox
# has), until how long before a vote ends by its own clock, from how many votes on (base units), for how much gas each.
VOTE_RELAY = {
    "a_day": envint("VOTE_RELAY_A_DAY", 500),
    "wei_a_day": envint("VOTE_RELAY_WEI_A_DAY", 0),
    "closes_seconds": envint("VOTE_RELAY_CLOSES_SECONDS", 60),
    "closes_blocks": envint("VOTE_RELAY_CLOSES_BLOCKS", 5),
    "least_power": envint("VOTE_RELAY_LEAST_POWER", 1),
    "most_gas": envint("VOTE_RELAY_MOST_GAS", 500_000),
}
