import type { IncomingHtlc } from "../../../channels/index.ts";
import { type Peeled, peel, refuseBlinded } from "../../../routing/index.ts";
import type { ChannelId, PaymentHash } from "../../base/ids.ts";
import type { NodeContext } from "../context.ts";
import type { Turn } from "../turn.ts";

/** Decided in one turn. Policy, not protocol: a group on the disk should be worth its sync. */
const PORTION = 32;

interface Arrived {
  readonly onion: Uint8Array;
  readonly paymentHash: PaymentHash;
}

interface Judge {
  /** Whether its channel still has it, without an answer. */
  readonly isUnresolved: (htlc: IncomingHtlc) => boolean;
  readonly decide: (turn: Turn, htlc: IncomingHtlc, peeled: Peeled) => void;
}

/**
 * Incoming HTLCs on their way to a decision. Their onions are opened while the peer still works on the commitment that
 * makes them count, and what comes with one commitment is decided in portions, each durable by itself: the peer is busy
 * with the first answers while we look at the rest. What a crash finds undecided is told again by the channel's `Resume`.
 */
export class Intake {
  readonly #ctx: NodeContext;
  readonly #judge: Judge;
  #arrived: Arrived[] = [];
  /** By the onion itself: an HTLC that never counts takes what was found with it. */
  readonly #opened = new WeakMap<Uint8Array, Peeled>();
  /** By channel and id, in order: one that a locked splice tells again is still one, and is decided once. */
  readonly #waiting = new Map<string, IncomingHtlc>();
  /** How many of them each channel has. */
  readonly #undecided = new Map<ChannelId, number>();
  #turn: Turn | undefined;
  #decided = 0;

  constructor(ctx: NodeContext, judge: Judge) {
    this.#ctx = ctx;
    this.#judge = judge;
  }

  /** A peer has offered an HTLC, which counts for nothing yet. */
  arrived(onion: Uint8Array, paymentHash: PaymentHash): void {
    this.#arrived.push({ onion, paymentHash });
    if (this.#arrived.length === 1) this.#ctx.clock.after(0, () => this.#ctx.turns.run(() => this.#open()));
  }
  #open(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const { onion, paymentHash } of arrived) this.#opened.set(onion, this.#peel(onion, paymentHash));
  }
  #peel(onion: Uint8Array, paymentHash: PaymentHash): Peeled {
    const { signer, policy } = this.#ctx;
    return this.#opened.get(onion) ?? peel(onion, paymentHash, signer.nodeKey, policy.keysendTypes);
  }

  /** In order: those that follow wait behind those that wait. */
  committed(turn: Turn, htlc: IncomingHtlc): void {
    if (this.#turn !== turn) {
      this.#turn = turn;
      this.#decided = 0;
    }
    if (this.#waiting.size === 0 && this.#decided < PORTION) return this.#next(turn, htlc);
    const { channelId, id } = htlc;
    const key = `${channelId}/${id}`;
    if (!this.#waiting.has(key)) this.#undecided.set(channelId, (this.#undecided.get(channelId) ?? 0) + 1);
    this.#waiting.set(key, htlc);
    if (this.#waiting.size === 1) this.#ctx.turns.soon((later) => this.#portion(later));
  }
  /** Whether HTLCs of this channel wait to be decided. */
  isDeciding(id: ChannelId): boolean {
    return this.#undecided.has(id);
  }
  #portion(turn: Turn): void {
    let count = 0;
    for (const [key, htlc] of this.#waiting) {
      if (++count > PORTION) break;
      this.#waiting.delete(key);
      const left = (this.#undecided.get(htlc.channelId) ?? 1) - 1;
      if (left === 0) this.#undecided.delete(htlc.channelId);
      else this.#undecided.set(htlc.channelId, left);
      // One that was told again may have been answered meanwhile, by whoever it was passed on to, and be gone.
      if (this.#judge.isUnresolved(htlc)) this.#next(turn, htlc);
    }
    if (this.#waiting.size > 0) this.#ctx.turns.soon((later) => this.#portion(later));
  }
  #next(turn: Turn, htlc: IncomingHtlc): void {
    this.#decided++;
    const { onion, paymentHash, mustFail } = htlc;
    this.#judge.decide(
      turn,
      htlc,
      mustFail === "blinded_route" ? refuseBlinded(onion) : this.#peel(onion, paymentHash),
    );
  }
}
