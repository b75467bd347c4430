import { scriptOfAddress } from "../bitcoin/address.ts";
import { CHAINS } from "../bitcoin/params.ts";
import { isPublicNetwork } from "../chain/addresses/place.ts";
import type { Config, ConfigFault } from "./config.ts";
import { isDaemonNetwork, REAL_MONEY_WORDS, realMoneyFault, unknownNetwork } from "./networks.ts";

/** Less would not hold the last 288 blocks of a busy chain. Policy, not protocol; the same as Bitcoin Core's. */
const PRUNE_MIN_MIB = 550;

/**
 * What is wrong with settings that are each well formed, as far as they are.
 * @param name  how a setting is called where it was found
 * @param flag  how it is called on the command line
 */
export function contradictions(
  config: Partial<Config>,
  name: (key: keyof Config) => string,
  flag: (key: keyof Config) => string,
): readonly ConfigFault[] {
  const { network, prune = 0, segwitHeight = 0, sequenceReplacement, chain, chainPeers, realMoney } = config;
  const details: string[] = [];
  if (network !== "regtest" && prune > 0 && prune < PRUNE_MIN_MIB)
    details.push(`${name("prune")} must be 0 or at least ${PRUNE_MIN_MIB}.`);
  if (network !== "regtest" && segwitHeight > 0) details.push(`${name("segwitHeight")} is for regtest alone.`);
  // Replacements cost nothing: that is for play money, and for peers who know of it.
  if (network !== "sluicenet" && sequenceReplacement === true)
    details.push(`${name("sequenceReplacement")} is for sluicenet alone.`);
  if (chain === "bitcoind") details.push(...unfitForBitcoind(config));
  const { minChannelSat: least = 0, maxChannelSat: most = Number.POSITIVE_INFINITY } = config;
  if (least > most) details.push(`${name("minChannelSat")} must be at most ${name("maxChannelSat")}.`);
  const closesTo =
    config.closeAddress && isDaemonNetwork(network) && !scriptOfAddress(config.closeAddress, CHAINS[network]).ok;
  if (closesTo) details.push(`${name("closeAddress")} must be an address of ${network}.`);
  if (config.acceptKeysend === false && config.keysendTypes?.length)
    details.push(`${name("keysendTypes")} is for a node with ${flag("acceptKeysend")} true.`);
  const areStrangers = network !== undefined && isPublicNetwork(network);
  if (chain === "compact" && chainPeers?.length === 0 && !areStrangers)
    details.push(`${name("chain")} needs a Bitcoin node that serves filters: give ${flag("chainPeers")}.`);
  return [
    ...(network === undefined || isDaemonNetwork(network) ? [] : [unknownNetwork(network)]),
    ...(network === "mainnet" && realMoney !== REAL_MONEY_WORDS ? [realMoneyFault(flag("realMoney"))] : []),
    ...details.map((detail): ConfigFault => ({ code: "bad_value", detail })),
  ];
}

/** What has no meaning, or is missing, where the bundled node does not run. */
function unfitForBitcoind({
  bitcoindCookie,
  bitcoinRpcPort,
  bitcoinZmqPort,
  chainPeers = [],
}: Partial<Config>): readonly string[] {
  return [
    ...(bitcoindCookie
      ? []
      : ["--chain bitcoind needs --bitcoind-cookie: the .cookie file of that node, or one with user:password."]),
    ...(bitcoinRpcPort ? ["--bitcoin-rpc-port is for the bundled node, which --chain bitcoind does not start."] : []),
    ...(bitcoinZmqPort ? ["--bitcoin-zmq-port is for the bundled node, which --chain bitcoind does not start."] : []),
    ...(chainPeers.length > 0 ? ["--chain-peer is for the bundled node, which --chain bitcoind does not start."] : []),
  ];
}
