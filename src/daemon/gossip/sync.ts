import {
  type AskingStep,
  answerRange,
  beginSync,
  emptyAnswering,
  emptyAsking,
  type GossipFilter,
  type Graph,
  hasAnswers,
  nextFrames,
  receiveEnd,
  receiveFilter,
  receiveIdsQuery,
  receiveRange,
} from "../../../routing/index.ts";
import { hasFeature } from "../../wire/features.ts";
import type { WireMessage } from "../../wire/registry.ts";
import type { NodeContext } from "../context.ts";
import type { PeerSession } from "../peer/session.ts";

export interface GossipSyncParts {
  readonly ctx: NodeContext;
  readonly graph: Graph;
  readonly session: () => PeerSession | undefined;
}

/** Of what a peer asked for, given at a time; the rest follows when that had time to leave. Policy, not protocol. */
const PIECE_BYTES = 64 * 1024;
const PIECE_MS = 10;
/** With so much on its way to the peer the next piece waits. Policy, not protocol. */
const QUEUED_BYTES_MAX = 256 * 1024;
/** News from this far back are wanted: as old as an update can be. */
const TWO_WEEKS_SECONDS = 14 * 24 * 60 * 60;
const GOSSIP_QUERIES_BIT = 6;

/** With one peer: asking for the channels that we lack, and answering what it asks. */
export class GossipSync {
  readonly #parts: GossipSyncParts;
  readonly #asking = emptyAsking();
  readonly #answering = emptyAnswering();
  #pumping = false;

  constructor(parts: GossipSyncParts) {
    this.#parts = parts;
  }
  /** What the peer wants to hear of. */
  get filter(): GossipFilter | undefined {
    return this.#answering.filter;
  }
  begin(features: Uint8Array): void {
    const since = Math.max(1, this.#now() - TWO_WEEKS_SECONDS);
    this.#send(beginSync(this.#asking, this.#chain(), since, hasFeature(features, GOSSIP_QUERIES_BIT)));
  }
  /** True when the message was about the sync of gossip. */
  message(message: WireMessage): boolean {
    const { graph } = this.#parts;
    switch (message.name) {
      case "gossip_timestamp_filter":
        receiveFilter(this.#answering, graph, this.#chain(), message);
        break;
      case "query_channel_range":
        for (const reply of answerRange(this.#answering, graph, this.#chain(), message, this.#now())) {
          this.#parts.session()?.send(reply);
        }
        break;
      case "query_short_channel_ids":
        this.#warn(receiveIdsQuery(this.#answering, this.#chain(), message));
        break;
      case "reply_channel_range":
        this.#send(receiveRange(this.#asking, graph, this.#chain(), message));
        break;
      case "reply_short_channel_ids_end":
        this.#send(receiveEnd(this.#asking, this.#chain(), message));
        break;
      default:
        return false;
    }
    this.#pump();
    return true;
  }

  #chain() {
    return this.#parts.ctx.params.genesisHash;
  }
  #now(): number {
    return Math.floor(this.#parts.ctx.clock.now() / 1000);
  }
  #send({ send, warning }: AskingStep): void {
    for (const message of send) this.#parts.session()?.send(message);
    this.#warn(warning);
  }
  #warn(warning: string | undefined): void {
    if (warning !== undefined) this.#parts.session()?.refuse(warning);
  }
  #pump(): void {
    if (this.#pumping || !hasAnswers(this.#answering)) return;
    this.#pumping = true;
    this.#parts.ctx.clock.after(PIECE_MS, () => {
      this.#pumping = false;
      const session = this.#parts.session();
      if (session === undefined) return;
      if (session.queuedBytes > QUEUED_BYTES_MAX) return this.#pump();
      for (const frame of nextFrames(this.#answering, this.#parts.graph, this.#chain(), PIECE_BYTES)) {
        session.sendBytes(frame);
      }
      this.#pump();
    });
  }
}
