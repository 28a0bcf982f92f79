import { createConfig } from "ponder";

const transfer = {
  type: "event",
  name: "Transfer",
  inputs: [
    { name: "from", type: "address", indexed: true },
    { name: "to", type: "address", indexed: true },
    { name: "value", type: "uint256", indexed: false },
  ],
} as const;

export default createConfig({
  database: { kind: "postgres", connectionString: process.env.PEER_DATABASE },
  chains: { local: { id: 31337, rpc: process.env.CHAIN_RPC_URL } },
  contracts: {
    Emitter: {
      abi: [transfer],
      chain: "local",
      address: process.env.EMITTER as `0x${string}`,
      startBlock: Number(process.env.FIRST),
      endBlock: Number(process.env.LAST),
    },
  },
});
