import type { Config } from "../daemon/config.ts";
import { flagOf } from "../daemon/setting-names.ts";

export { flagOf };

/** What each setting of a daemon is for, for people: the value that it takes, and what that does. */
const SETTINGS: { readonly [K in keyof Config]: readonly [value: string, about: string] } = {
  network: ["name", "regtest, sluicenet, signet, testnet4 or mainnet"],
  realMoney: ["words", "what must be written before a daemon starts on mainnet"],
  datadir: ["folder", "where everything of this node lies"],
  alias: ["text", "what others see beside the node's id"],
  signer: ["socket", "unix:/path of the process that has the keys (default: the daemon itself)"],
  apiPort: ["port", "of the HTTP API and the pages, on 127.0.0.1"],
  peerPort: ["port", "where Lightning nodes connect"],
  chainPort: ["port", "where Bitcoin nodes connect with the bundled one"],
  chain: ["kind", "which Bitcoin node is followed: embedded, compact (a light client) or bitcoind"],
  bitcoindUrl: ["url", "where a Bitcoin Core answers, http://host:port"],
  bitcoindCookie: ["file", "its .cookie, or a line user:password"],
  bitcoinRpcPort: ["port", "where the bundled node answers as Bitcoin Core does; 0: nowhere"],
  bitcoinZmqPort: ["port", "where it publishes blocks and transactions over ZeroMQ; 0: nowhere"],
  chainPeers: ["host:port", "a Bitcoin node to follow; may be given several times"],
  filters: ["true|false", "whether the bundled node keeps filters for light clients"],
  prune: ["MiB", "how much old blocks may take; 0 keeps all of them"],
  segwitHeight: ["height", "on regtest: the first block that may hold witnesses"],
  sequenceReplacement: ["true|false", "on sluicenet: whether transactions that are not final wait"],
  feeBaseMsat: ["msat", "asked for each payment that is passed on"],
  feePpm: ["millionths", "of its amount, asked besides"],
  cltvExpiryDelta: ["blocks", "asked for between the deadlines of the two sides of a forward"],
  acceptKeysend: ["true|false", "whether payments are taken that no invoice asked for"],
  keysendTypes: ["numbers", "even types of records that such a payment may bring, separated by commas"],
  staticRemotekey: ["true|false", "whether channels without anchors are opened and accepted"],
  zeroConfPeers: ["ids", "peers whose channels may be used before a block holds them, separated by commas"],
  zeroConfMaxSat: ["sat", "the most that all of those may hold until blocks bury them"],
  minChannelSat: ["sat", "how large a channel must be"],
  maxChannelSat: ["sat", "how large it may be"],
  maxReservePpm: ["millionths", "of a channel that a peer may have us keep in it"],
  channelsPerPeer: ["number", "how many channels one peer may have with us"],
  openingsPerPeer: ["number", "how many of those it may leave unfunded"],
  openings: ["number", "how many of all peers may be unfunded"],
  closeAddress: ["address", "where our part of every channel must go when it is closed by agreement"],
  closeBlocks: ["blocks", "how long a peer has to close by agreement; 0: for ever"],
  contributionSat: ["sat", "added to each channel that a peer opens and both may fund"],
  requireConfirmedInputs: ["true|false", "whether peers must fund channels with confirmed coins"],
};
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly (keyof Config)[];

/**
 * Each of them as an option of `start`, as commander writes one, and what it is for.
 * @param defaults  what each is where nobody gives it
 */
export const settingOptions = (
  defaults: Readonly<Record<string, unknown>>,
): readonly (readonly [flags: string, about: string])[] =>
  SETTING_NAMES.map((name) => {
    const [value, about] = SETTINGS[name];
    const byDefault = String(defaults[name] ?? "");
    return [`${flagOf(name)} <${value}>`, byDefault === "" ? about : `${about} (default: ${byDefault})`] as const;
  });
