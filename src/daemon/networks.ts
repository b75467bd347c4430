import { homedir } from "node:os";
import { join } from "node:path";
import { CHAINS, type ChainParams, regtestWithSegwitFrom } from "../bitcoin/params.ts";
import type { Config, ConfigFault } from "./config.ts";

/** Networks on which a daemon starts, the one it starts on unless told first; testnet3, which is going away, is none of them. */
const NETWORKS = ["regtest", "sluicenet", "signet", "testnet4", "mainnet"] as const;
export type DaemonNetwork = (typeof NETWORKS)[number];
export const NETWORK_DEFAULT: DaemonNetwork = NETWORKS[0];
export const isDaemonNetwork = (name: unknown): name is DaemonNetwork => NETWORKS.some((known) => known === name);

/** What has to be written to start on a network of real money. */
export const REAL_MONEY_WORDS = "I understand";

export const dataFolderOf = (network: DaemonNetwork): string => join(homedir(), ".local", "share", "sluice", network);

/** Where Bitcoin Core answers JSON-RPC, unless it is told otherwise. */
const CORE_RPC_PORTS: { readonly [N in DaemonNetwork]: number } = {
  regtest: 18_443,
  sluicenet: 18_443,
  signet: 38_332,
  testnet4: 48_332,
  mainnet: 8_332,
};
/** Defaults that are not the same on every network. */
export const defaultsOf = (network: DaemonNetwork): Partial<Config> => ({
  chainPort: CHAINS[network].port,
  bitcoindUrl: `http://127.0.0.1:${CORE_RPC_PORTS[network]}`,
  sequenceReplacement: network === "sluicenet",
});
/** The rules of the chain that is followed. */
export const paramsOf = ({ network, segwitHeight }: Config): ChainParams =>
  network === "regtest" && segwitHeight > 0 ? regtestWithSegwitFrom(segwitHeight) : CHAINS[network];

export const unknownNetwork = (network: string): ConfigFault => ({
  code: "network_not_supported",
  detail:
    `${Object.hasOwn(CHAINS, network) ? `network ${network} is not supported` : `there is no network ${network}`}. ` +
    `Use ${NETWORKS.slice(0, -1).join(", ")} or ${NETWORKS.at(-1)}.`,
});
export const realMoneyFault = (flag: string): ConfigFault => ({
  code: "network_not_supported",
  detail:
    "on network mainnet real money can be lost for ever: nobody but its makers has checked this program, a channel can lose all " +
    `that is in it, and there is nobody to turn to. To start all the same give ${flag} "${REAL_MONEY_WORDS}".`,
});
