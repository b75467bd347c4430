import { toHex } from "../../base/bytes.ts";
import type { AddressType } from "../../bitcoin/key-path.ts";
import type { Draft } from "./draft.ts";
import type { WalletKeys } from "./public-keys.ts";
import { GAP } from "./recovery.ts";
import { DUST_LIMIT, INPUT_WEIGHT } from "./scripts.ts";
import { type ChangeAddress, takeChange } from "./spend.ts";
import type { WalletAddress, WalletState } from "./state.ts";

/**
 * Where change of a transaction goes that a peer may give up: to an address that was handed out for change before and that
 * nothing pays to, or else to a new one. A peer that gives up again and again would otherwise leave so many unpaid ones in a
 * row that a wallet which is found again from its words would not look behind them.
 */
export function changeAgain(draft: Draft, keys: WalletKeys, type: AddressType): ChangeAddress {
  const idle = idleChange(draft.state(), type);
  if (idle === undefined) return takeChange(draft, keys, type);
  return { script: idle.script, least: DUST_LIMIT[type], weight: INPUT_WEIGHT[type], take: () => undefined };
}

/** The first of the newest ones that no coin ever came to, and no transaction of ours that may be mined pays. */
function idleChange(state: WalletState, type: AddressType): WalletAddress | undefined {
  const from = state.used[type].change - 2 * GAP;
  const idle = new Map<string, WalletAddress>();
  for (const [script, address] of state.addresses) {
    const { path, label } = address;
    if (path.type === type && path.branch === "change" && path.index >= from && label === "change")
      idle.set(script, address);
  }
  if (idle.size === 0) return undefined;
  for (const { script } of state.coins.values()) idle.delete(toHex(script));
  for (const { tx, status } of state.txs.values())
    if (status !== "abandoned") for (const { script } of tx?.outputs ?? []) idle.delete(toHex(script));
  return [...idle.values()].reduce<WalletAddress | undefined>(
    (first, one) => (first === undefined || one.path.index < first.path.index ? one : first),
    undefined,
  );
}
