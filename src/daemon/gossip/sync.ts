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
import type { QueryChannelRange } from "../../wire/gossip-queries.ts";
import type { WireMessage } from "../../wire/registry.ts";
import type { NodeContext } from "../context.ts";
import type { PeerSession } from "../peer/session.ts";
import type { Pace } from "./pace.ts";

export interface GossipSyncParts {
  readonly ctx: NodeContext;
  readonly graph: Graph;
  readonly session: () => PeerSession | undefined;
  /** Of all peers. */
  readonly pace: Pace;
}

/** Of what a peer asked for, given at a time; the rest follows when that had time to leave. Policy, not protocol. */
const PIECE_BYTES = 64 * 1024;
/** So little is sent at once. Policy, not protocol. */
const SMALL_BYTES = 8 * 1024;
/** With so much on its way to the peer the next piece waits. Policy, not protocol. */
const QUEUED_BYTES_MAX = 256 * 1024;
/** News that wait for a peer to read those before them; what does not fit is left to its queries. Policy, not protocol. */
const NEWS_MAX = 20_000;
/** News from this far back are wanted: as old as an update can be. */
const TWO_WEEKS_SECONDS = 14 * 24 * 60 * 60;
const GOSSIP_QUERIES_BIT = 6;

/** With one peer: asking for the channels that we lack, answering what it asks, and telling it what is new. */
export class GossipSync {
  readonly #parts: GossipSyncParts;
  readonly #asking = emptyAsking();
  readonly #answering = emptyAnswering();
  /** Not answered yet. Another one is no question before that: BOLT 7 §The query_channel_range and reply_channel_range Messages. */
  #range: QueryChannelRange | undefined;
  #news: readonly Uint8Array[] = [];
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
        this.#range ??= message;
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

  /** Messages that are new, in the order in which they belong. */
  tell(news: readonly Uint8Array[]): void {
    this.#news = [...this.#news, ...news].slice(0, NEWS_MAX);
    const bytes = news.reduce((sum, { length }) => sum + length, 0);
    if (!this.#pumping && bytes <= SMALL_BYTES) this.#sendPiece();
    this.#pump();
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
    const isIdle = !hasAnswers(this.#answering) && this.#range === undefined && this.#news.length === 0;
    if (this.#pumping || isIdle) return;
    this.#pumping = true;
    this.#parts.pace.next(() => {
      this.#pumping = false;
      if (this.#parts.session() === undefined) return false;
      const isSent = this.#sendPiece();
      this.#pump();
      return isSent;
    });
  }
  /** False when the peer has enough to read. */
  #sendPiece(): boolean {
    const { session: sessionOf, graph } = this.#parts;
    const session = sessionOf();
    if (session === undefined || session.queuedBytes > QUEUED_BYTES_MAX) return false;
    const range = this.#range;
    this.#range = undefined;
    if (range !== undefined) {
      const replies = answerRange(this.#answering, graph, this.#chain(), range, this.#now());
      for (const reply of replies) session.send(reply);
    }
    for (const message of this.#takeNews()) session.sendBytes(message);
    for (const frame of nextFrames(this.#answering, graph, this.#chain(), PIECE_BYTES)) session.sendBytes(frame);
    return true;
  }
  #takeNews(): readonly Uint8Array[] {
    let count = 0;
    for (let bytes = 0; bytes < PIECE_BYTES && count < this.#news.length; count++) {
      bytes += (this.#news[count] as Uint8Array).length;
    }
    const taken = this.#news.slice(0, count);
    this.#news = this.#news.slice(count);
    return taken;
  }
}
