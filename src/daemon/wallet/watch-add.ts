import { assert, err, ok, type Result } from "../../base/result.ts";
import type { BlockHeight } from "../../base/units.ts";
import { type Descriptor, isRanged, printDescriptor } from "../../bitcoin/descriptor.ts";
import type { DescriptorFault } from "../../bitcoin/descriptor-fault.ts";
import { parseDescriptor } from "../../bitcoin/descriptor-parse.ts";
import { type DeriveKey, scriptOf } from "../../bitcoin/descriptor-script.ts";
import type { ChainParams } from "../../bitcoin/params.ts";
import { publicDerivation } from "./descriptor-keys.ts";
import { type ScriptMaker, watchDraft } from "./watch-draft.ts";
import { type WatchedDescriptor, type WatchState, type WatchStep, watchesOf } from "./watch-state.ts";

/** Policy, not protocol: each block is compared with all scripts of all of them. */
const WATCHES_MAX = 50;

/** What is to be watched, as it was asked for. */
export interface WatchWish {
  readonly descriptor: string;
  readonly label: string;
  readonly gap: number;
  readonly from: BlockHeight;
}
export type WatchFault = DescriptorFault | { readonly code: "known" } | { readonly code: "too_many_watches" };

/** Begins to watch. The same descriptor is taken once; another one with some of its scripts beside it. */
export function addWatched(
  state: WatchState,
  { descriptor: text, label, gap, from }: WatchWish,
  params: ChainParams,
  make: ScriptMaker,
): Result<{ readonly step: WatchStep; readonly id: string }, WatchFault> {
  const parsed = parseDescriptor(text, params);
  if (!parsed.ok) return parsed;
  const descriptor = printDescriptor(parsed.value);
  const id = descriptor.slice(descriptor.lastIndexOf("#") + 1);
  if (state.watches.has(id)) return err({ code: "known" });
  if (state.watches.size >= WATCHES_MAX) return err({ code: "too_many_watches" });
  const draft = watchDraft(state);
  const fresh = { id, descriptor, label, from, used: 0, scanned: false, scripts: new Map() };
  draft.setWatch({ ...fresh, gap: isRanged(parsed.value) ? gap : 0 });
  draft.extend(id, from, make);
  return ok({ step: draft.finish(), id });
}

/** Watches no more, and forgets the coins that no other descriptor is watched for. Undefined when it was not watched. */
export function removeWatched(state: WatchState, id: string): WatchStep | undefined {
  if (!state.watches.has(id)) return undefined;
  const draft = watchDraft(state);
  draft.dropWatch(id);
  for (const coin of state.coins.values()) {
    if (watchesOf(draft.state(), coin.script).length === 0) draft.dropCoin(coin);
  }
  return draft.finish();
}

/** The past of a descriptor has been gone through. */
export function setScanned(state: WatchState, watch: WatchedDescriptor): WatchStep {
  const draft = watchDraft(state);
  draft.setWatch({ ...watch, scanned: true });
  return draft.finish();
}

/** Makes the scripts of descriptors that were taken before. It remembers what it was asked last: rows go on. */
export function scriptMaker(params: ChainParams): ScriptMaker {
  let last: { readonly text: string; readonly descriptor: Descriptor; readonly derive: DeriveKey } | undefined;
  const read = (text: string) => {
    const parsed = parseDescriptor(text, params);
    assert(parsed.ok, "a descriptor that was taken is one");
    return { text, descriptor: parsed.value, derive: publicDerivation() };
  };
  return (text, index) => {
    if (last?.text !== text) last = read(text);
    return scriptOf(last.descriptor, index, last.derive);
  };
}
