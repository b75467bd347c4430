import type { NetworkName } from "../../bitcoin/params.ts";

/** Names whose addresses are those of nodes: where a node that knows nobody begins. Bitcoin Core's, as of its version 31. */
export const SEEDS: { readonly [N in NetworkName]: readonly string[] } = {
  mainnet: [
    "seed.bitcoin.sipa.be",
    "dnsseed.bluematt.me",
    "seed.bitcoin.jonasschnelli.ch",
    "seed.btc.petertodd.net",
    "seed.bitcoin.sprovoost.nl",
    "dnsseed.emzy.de",
    "seed.bitcoin.wiz.biz",
    "seed.mainnet.achownodes.xyz",
  ],
  testnet3: [
    "testnet-seed.bitcoin.jonasschnelli.ch",
    "seed.tbtc.petertodd.net",
    "seed.testnet.bitcoin.sprovoost.nl",
    "testnet-seed.bluematt.me",
    "seed.testnet.achownodes.xyz",
  ],
  testnet4: ["seed.testnet4.bitcoin.sprovoost.nl", "seed.testnet4.wiz.biz"],
  signet: ["seed.signet.bitcoin.sprovoost.nl", "seed.signet.achownodes.xyz"],
  regtest: [],
  sluicenet: [],
};
