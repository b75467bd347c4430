import type { Claim } from "../../channels/index.ts";
import { ClaimHost } from "../../src/daemon/channel/claim-host.ts";
import { ChannelHost } from "../../src/daemon/channel/host.ts";
import type { World } from "../../src/lab/world.ts";
import type { RangeOptions, Store, StoreEntry } from "../../src/ports/store.ts";

/** A store that says "durable" when a write has only been asked for: messages leave before what they rest on is on disk. */
export const ackBeforeWrite = (store: Store): Store => ({
  append: (records) => {
    // A write that never ends belongs to a machine without power: nobody waits for it.
    store.append(records).catch(() => undefined);
    return Promise.resolve();
  },
  get: (key) => store.get(key),
  range: (prefix, options) => store.range(prefix, options),
  close: () => store.close(),
});

/**
 * Every machine is once put back to a copy of its store, as when an operator restores backups: numbers that were signed
 * and revoked come up again, and both ends of a channel believe in them.
 */
export class Backups {
  /** What each store holds, read by the nodes once the copies are put back. */
  readonly #held = new Map<string, Map<string, Uint8Array>>();
  #copies = new Map<string, Map<string, Uint8Array>>();
  #isRestored = false;

  readonly plant = (store: Store, name: string): Store => {
    const held = (): Map<string, Uint8Array> => this.#held.get(name) ?? new Map();
    if (!this.#held.has(name)) this.#held.set(name, new Map());
    return {
      append: (records) => {
        for (const { key, value } of records) {
          if (value === undefined) held().delete(key);
          else held().set(key, value);
        }
        return store.append(records);
      },
      get: (key) => (this.#isRestored ? held().get(key) : store.get(key)),
      range: (prefix, options) => (this.#isRestored ? rangeOf(held(), prefix, options) : store.range(prefix, options)),
      close: () => store.close(),
    };
  };
  /** To be given to the scenario as `opened`: takes the copies now, and puts them back when much more has been signed. */
  readonly opened = (world: World): void => {
    this.#copies = new Map([...this.#held].map(([name, held]) => [name, new Map(held)]));
    const signed = (): number => world.tally.messages.get("commitment_signed") ?? 0;
    const enough = signed() + COMMITMENTS_LATER;
    const look = (): void => {
      if (signed() < enough || !world.nodes.every(({ isUp }) => isUp)) world.clock.after(100, look);
      else this.#restore(world);
    };
    look();
  };
  #restore(world: World): void {
    for (const node of world.nodes) world.crash(node, node.disk.pending);
    for (const [name, copy] of this.#copies) this.#held.set(name, copy);
    this.#isRestored = true;
  }
}
function* rangeOf(
  held: ReadonlyMap<string, Uint8Array>,
  prefix: string,
  { after, limit = Number.POSITIVE_INFINITY, reverse = false }: RangeOptions = {},
): Iterable<StoreEntry> {
  const keys = [...held.keys()].filter((key) => key.startsWith(prefix)).sort();
  if (reverse) keys.reverse();
  const isPast = (key: string): boolean => after === undefined || (reverse ? key < after : key > after);
  for (const key of keys.filter(isPast).slice(0, limit)) yield { key, value: held.get(key) as Uint8Array };
}
/** How many signatures the copies must be behind. */
const COMMITMENTS_LATER = 20;

/**
 * A router that fails an HTLC upstream as soon as the next node says so, while it still stands in commitments there.
 * The answer takes the bug out again.
 */
export function failBeforeFinal(): () => void {
  const sound = ChannelHost.prototype.apply;
  ChannelHost.prototype.apply = function (turn, entry, input): void {
    const { state } = entry;
    sound.call(this, turn, entry, input);
    if (input.tag !== "PeerMessage" || input.message.name !== "update_fail_htlc" || !("commitments" in state)) return;
    const { id, reason } = input.message;
    const htlc = state.commitments.htlcs.find((each) => each.side === "offered" && each.id === id);
    if (htlc?.side !== "offered" || htlc.origin.tag !== "relay") return;
    const { origin } = htlc;
    turn.next((later) => this.parts.listener.htlcFailed(later, origin, { tag: "failed", reason }));
  };
  return () => {
    ChannelHost.prototype.apply = sound;
  };
}

/**
 * A router that fails HTLCs upstream as soon as the commitment that holds them is mined: whoever is downstream may still
 * claim them. The answer takes the bug out again.
 */
export function failWhenMined(): () => void {
  const sound = ChannelHost.prototype.apply;
  ChannelHost.prototype.apply = function (turn, entry, input): void {
    sound.call(this, turn, entry, input);
    if (input.tag !== "FundingSpent" || entry.state.tag !== "Failed") return;
    for (const htlc of entry.state.commitments.htlcs) {
      if (htlc.side !== "offered" || htlc.origin.tag !== "relay" || htlc.preimage !== undefined) continue;
      const { origin } = htlc;
      turn.next((later) => this.parts.listener.htlcFailed(later, origin, { tag: "on_chain" }));
    }
  };
  return () => {
    ChannelHost.prototype.apply = sound;
  };
}

/** Nodes that leave some of what is theirs on the chain. The answer takes the bug out again. */
export function forgetClaims(isForgotten: (claim: Claim) => boolean): () => void {
  const sound = ClaimHost.prototype.take;
  ClaimHost.prototype.take = function (turn, channel, { signer, claims }): void {
    sound.call(this, turn, channel, { signer, claims: claims.filter((claim) => !isForgotten(claim)) });
  };
  return () => {
    ClaimHost.prototype.take = sound;
  };
}
/** Of a revoked commitment: everything but the thief's balance. Its branch is taken by a key, that of the balance by a number. */
export const isPenaltyForHtlc = ({ why, after }: Claim): boolean => why === "penalty" && after[0]?.length === 33;
