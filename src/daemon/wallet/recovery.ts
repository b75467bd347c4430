import { toHex } from "../../base/bytes.ts";
import type { BlockHeight } from "../../base/units.ts";
import { ADDRESS_TYPES, type Branch, type KeyPath } from "../../bitcoin/key-path.ts";
import type { ChainEvent, Watch } from "../../ports/chain-source.ts";
import { watchAll } from "./chain.ts";
import { type Draft, draftOf, nextAddress } from "./draft.ts";
import type { WalletKeys } from "./public-keys.ts";
import { scriptOfKey } from "./scripts.ts";
import type { WalletState, WalletStep } from "./state.ts";

/**
 * How many unused addresses in a row end the search for used ones: other programs hand out no more before one is paid.
 * BIP 44 §Address gap limit.
 */
export const GAP = 20;
/**
 * So many in a row this wallet looks for itself: it hands out addresses that nothing comes to, of closes to which no peer
 * agreed, of claims that another was faster with, of splices that came to nothing. Policy, not protocol.
 */
export const AHEAD = 100;
const BRANCHES: readonly Branch[] = ["external", "change"];

/** The chain is gone through again: addresses that the words give beyond those known here may have been paid as well. */
export interface Rescan {
  readonly from: BlockHeight;
  /** By hex of the scriptPubKey: the next `AHEAD` of each branch, not handed out. */
  readonly ahead: ReadonlyMap<string, KeyPath>;
}

/** Asks the chain for everything of this wallet from a height on, and for what another copy of it may have used. */
export function beginRescan(
  state: WalletState,
  keys: WalletKeys,
  from: BlockHeight,
): { readonly step: WalletStep; readonly rescan: Rescan } {
  const draft = draftOf(state);
  watchAll(draft, from);
  const rescan = { from, ahead: lookAhead(draft, keys, { from, ahead: new Map() }) };
  return { step: draft.finish(), rescan };
}

/**
 * What an event says about addresses that are not handed out: when one is paid, it and all before it are, and the search
 * goes on behind it. Comes before the event itself is taken in. Undefined when there is nothing to do.
 */
export function rescanned(
  state: WalletState,
  keys: WalletKeys,
  rescan: Rescan,
  event: ChainEvent,
): { readonly step: WalletStep; readonly rescan: Rescan } | undefined {
  if (event.tag !== "ScriptPaid") return undefined;
  const key = toHex(event.script);
  const path = rescan.ahead.get(key);
  if (path === undefined || state.addresses.has(key)) return undefined;
  const draft = draftOf(state);
  const { type, branch, index } = path;
  const label = branch === "change" ? "change" : "recovered";
  while (draft.state().used[type][branch] <= index) {
    draft.setAddress(nextAddress(draft.state(), keys, { type, branch, label }));
  }
  const ahead = lookAhead(draft, keys, rescan);
  return { step: draft.finish(), rescan: { ...rescan, ahead } };
}

/**
 * Addresses were handed out while the chain is gone through: whoever used these words before may have used as many and more.
 * Undefined where the window covers that already.
 */
export function handedOut(
  state: WalletState,
  keys: WalletKeys,
  rescan: Rescan,
): { readonly step: WalletStep; readonly rescan: Rescan } | undefined {
  const draft = draftOf(state);
  const ahead = lookAhead(draft, keys, rescan);
  return ahead.size === rescan.ahead.size ? undefined : { step: draft.finish(), rescan: { ...rescan, ahead } };
}

/** The window behind what is handed out, moved on; what is new in it is asked for. */
function lookAhead(draft: Draft, keys: WalletKeys, { from, ahead }: Rescan): ReadonlyMap<string, KeyPath> {
  const known = new Map([...ahead].map(([script, path]) => [nameOf(path), script]));
  const next = new Map(ahead);
  const watches: Watch[] = [];
  for (const type of ADDRESS_TYPES) {
    for (const branch of BRANCHES) {
      const first = draft.state().used[type][branch];
      for (let index = first; index < first + AHEAD; index++) {
        const path = { type, branch, index };
        if (known.has(nameOf(path))) continue;
        const script = scriptOfKey(type, keys.walletKey(path));
        next.set(toHex(script), path);
        watches.push({ tag: "Script", script, from });
      }
    }
  }
  if (watches.length > 0) draft.effect({ tag: "Watch", watches });
  return next;
}
const nameOf = ({ type, branch, index }: KeyPath): string => `${type}/${branch}/${index}`;
