import { canCarry, type LocalChannel } from "../../../routing/index.ts";
import type { NodeId, PaymentHash } from "../../base/ids.ts";
import type { Msat, UnixMs } from "../../base/units.ts";
import type { Clock } from "../../ports/world.ts";

/** What a payment needs to set out: so much over a channel with this peer, or over any. */
export interface Need {
  readonly amount: Msat;
  readonly peer: NodeId | undefined;
}
export const carries = (channels: readonly LocalChannel[], { amount, peer }: Need): boolean =>
  channels.some((channel) => canCarry(channel, amount) && (peer === undefined || channel.peer === peer));

/** For room in our channels, at once: each is in memory, and looked at whenever there may be some. Policy, not protocol. */
export const WAITING_MAX = 1_000;

/** Payments that wait for room in our channels, in the order they came, each until its own time is over. */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #timedOut: (hash: PaymentHash) => void;
  readonly #waiting = new Map<PaymentHash, { need: Need; readonly stopClock: () => void }>();

  constructor(clock: Clock, timedOut: (hash: PaymentHash) => void) {
    this.#clock = clock;
    this.#timedOut = timedOut;
  }

  /** Takes one in, or notes what one that waits needs now. False when so many wait that no more may. */
  enter(hash: PaymentHash, need: Need, until: UnixMs): boolean {
    const known = this.#waiting.get(hash);
    if (known !== undefined) {
      known.need = need;
      return true;
    }
    if (this.#waiting.size >= WAITING_MAX) return false;
    const stopClock = this.#clock.after(Math.max(0, until - this.#clock.now()), () => {
      this.#waiting.delete(hash);
      this.#timedOut(hash);
    });
    this.#waiting.set(hash, { need, stopClock });
    return true;
  }
  leave(hash: PaymentHash): void {
    if (this.#waiting.size === 0) return;
    this.#waiting.get(hash)?.stopClock();
    this.#waiting.delete(hash);
  }
  has(hash: PaymentHash): boolean {
    return this.#waiting.has(hash);
  }
  *needs(): Iterable<readonly [PaymentHash, Need]> {
    for (const [hash, { need }] of this.#waiting) yield [hash, need];
  }
}
