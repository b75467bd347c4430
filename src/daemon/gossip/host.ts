import {
  accept,
  badSignature,
  dequeue,
  emptyHeld,
  emptyIntake,
  emptyRelay,
  enqueue,
  expireHeld,
  flush,
  type Gossip,
  type Graph,
  hold,
  type Intake,
  judge,
  judgeFunding,
  markSpent,
  markUnspent,
  prune,
  releaseAnnouncements,
  releaseFor,
  removeChannel,
  type Verdict,
  verifyGossip,
} from "../../../routing/index.ts";
import { type NodeId, type Outpoint, scidBlock } from "../../base/ids.ts";
import { unreachable } from "../../base/result.ts";
import type { BlockHeight, Sat } from "../../base/units.ts";
import type { ChainEvent } from "../../ports/chain-source.ts";
import type { ChannelAnnouncement, ChannelUpdate, NodeAnnouncement } from "../../wire/gossip.ts";
import type { ReplyShortChannelIdsEnd } from "../../wire/gossip-queries.ts";
import type { WireMessage } from "../../wire/registry.ts";
import { ALL_CHANNELS } from "../channel/openings.ts";
import type { NodeContext } from "../context.ts";
import type { Peers } from "../peer/peers.ts";
import { warningTo } from "../peer/session.ts";
import { Pace } from "./pace.ts";
import { type Credit, firstCredit, GossipProofs, hasCredit, newcomersCredit, noteProof, type Proof } from "./proofs.ts";
import { GossipSync } from "./sync.ts";

export interface GossipHostParts {
  readonly ctx: NodeContext;
  readonly graph: Graph;
  readonly peers: () => Peers;
  readonly height: () => BlockHeight;
  /** A peer has something of us that is newer than what we have said. */
  readonly givenBack: (message: ChannelUpdate | NodeAnnouncement) => void;
}
interface Newcomer {
  readonly features: Uint8Array;
  /** It has called us, and there is no channel with it: such may come in any number. */
  readonly isStranger: boolean;
}
interface Talking {
  readonly intake: Intake;
  readonly sync: GossipSync;
  readonly credit: Credit;
  /** It has said all that it was asked for, and not all of that is judged: more than waits at a time is not asked for. */
  end: ReplyShortChannelIdsEnd | undefined;
  busy: boolean;
}

/** Between two flushes to the peers. Shorter than the BOLT's minute, as our networks are our own. Policy, not protocol. */
const FLUSH_MS = 1_000;
/** Policy, not protocol: longer messages than announcements and updates need to be are not kept for later. */
const HELD_BYTES_MAX = 1_024;

/** Feeds the graph with what peers say, and tells peers what the graph has learnt. */
export class GossipHost {
  readonly #parts: GossipHostParts;
  readonly #talking = new Map<NodeId, Talking>();
  readonly #held = emptyHeld();
  readonly #relay = emptyRelay();
  readonly #proofs: GossipProofs;
  readonly #newcomers: { readonly strangers: Credit; readonly others: Credit };
  readonly #pace: Pace;
  #cancelFlush: (() => void) | undefined;
  #stopped = false;

  constructor(parts: GossipHostParts) {
    this.#parts = parts;
    this.#proofs = new GossipProofs(parts.ctx);
    this.#pace = new Pace(parts.ctx.clock);
    const now = parts.ctx.clock.now();
    this.#newcomers = { strangers: newcomersCredit(now), others: newcomersCredit(now) };
  }
  stop(): void {
    this.#stopped = true;
    this.#cancelFlush?.();
  }
  peerConnected(peer: NodeId, { features, isStranger }: Newcomer): void {
    const { ctx, graph, peers } = this.#parts;
    // Over a connection that has come in the place of this one something else is asked and answered.
    const session = () => (this.#talking.get(peer)?.sync === sync ? peers().session(peer) : undefined);
    const sync = new GossipSync({ ctx, graph, session, pace: this.#pace });
    const { strangers, others } = this.#newcomers;
    const credit = firstCredit(isStranger ? strangers : others, ctx.clock.now());
    this.#talking.set(peer, { intake: emptyIntake(), sync, credit, end: undefined, busy: false });
    sync.begin(features);
  }
  peerDisconnected(peer: NodeId): void {
    this.#talking.delete(peer);
    this.#held.byPeer.delete(peer);
  }
  /** True when the message was gossip, or a question or answer about it. */
  peerMessage(peer: NodeId, message: WireMessage, bytes: Uint8Array): boolean {
    const talking = this.#talking.get(peer);
    if (talking === undefined) return false;
    if (message.name === "reply_short_channel_ids_end" && talking.busy) talking.end = message;
    else if (!isGossip(message)) return talking.sync.message(message);
    else this.#enqueue(peer, talking, { message, bytes });
    return true;
  }
  /** Our own, known to be right: into the graph, and to every peer. What the graph has forgotten meanwhile is not told of. */
  publish({ message, bytes }: Gossip, proof?: { readonly capacity: Sat; readonly funding: Outpoint }): void {
    const { graph } = this.#parts;
    if (message.name === "channel_announcement") {
      if (proof === undefined || graph.channels.has(message.short_channel_id)) return;
      this.#proofs.watch(message.short_channel_id, proof.funding);
    }
    if (message.name === "channel_update" && !graph.channels.has(message.short_channel_id)) return;
    if (message.name === "node_announcement" && !graph.nodes.has(message.node_id)) return;
    this.#take({ message, bytes }, undefined, true, proof?.capacity);
  }
  chainEvent(event: ChainEvent): void {
    const { graph } = this.#parts;
    switch (event.tag) {
      case "OutpointSpent": {
        const id = this.#proofs.channelOf(event.outpoint);
        if (id !== undefined) markSpent(graph, id, event.by.block.height);
        return;
      }
      case "BlockDisconnected":
        for (const { spentAt, shortChannelId } of graph.channels.values()) {
          if (spentAt !== undefined && spentAt >= event.block.height) markUnspent(graph, shortChannelId);
          if (scidBlock(shortChannelId) >= event.block.height) this.#proofs.doubt(shortChannelId);
        }
        return;
      case "BlockConnected":
        this.#proofs.forget(prune(graph, event.block.height, this.#now()));
        expireHeld(this.#held, this.#now());
        void this.#removeRefuted(event.block.height);
        return this.#again(releaseAnnouncements(this.#held));
      case "ScriptPaid":
      case "SpendSeen":
        return;
      default:
        return unreachable(event);
    }
  }
  async #removeRefuted(height: BlockHeight): Promise<void> {
    const { graph } = this.#parts;
    const refuted = await this.#proofs.refuted(height);
    // A channel that is spent is forgotten in its time.
    const gone = refuted.filter((id) => graph.channels.get(id)?.spentAt === undefined);
    for (const id of gone) removeChannel(graph, id);
    this.#proofs.forget(gone);
  }

  #now(): number {
    return Math.floor(this.#parts.ctx.clock.now() / 1000);
  }
  #again(messages: readonly { readonly gossip: Gossip; readonly from: NodeId }[]): void {
    for (const { gossip, from } of messages) {
      const talking = this.#talking.get(from);
      if (talking === undefined) continue;
      this.#enqueue(from, talking, gossip);
    }
  }
  #enqueue(peer: NodeId, talking: Talking, gossip: Gossip): void {
    enqueue(talking.intake, gossip, this.#intakes());
    if (!talking.busy) void this.#work(peer, talking);
  }
  *#intakes(): Iterable<Intake> {
    for (const { intake } of this.#talking.values()) yield intake;
  }
  async #work(peer: NodeId, talking: Talking): Promise<void> {
    talking.busy = true;
    for (let next = dequeue(talking.intake); next !== undefined; next = dequeue(talking.intake)) {
      if (this.#stopped || this.#talking.get(peer) !== talking) return;
      try {
        await this.#judge(peer, talking, next);
      } catch (error) {
        // Gossip can be asked for again: what we could not digest costs nobody anything.
        this.#parts.ctx.log.error("gossip not digested", { peer, message: next.message.name, error: String(error) });
      }
    }
    talking.busy = false;
    const { end } = talking;
    talking.end = undefined;
    if (end !== undefined) talking.sync.message(end);
  }
  async #judge(peer: NodeId, talking: Talking, gossip: Gossip): Promise<void> {
    const { ctx, graph, height } = this.#parts;
    const verdict = judge(graph, gossip, { chain: ctx.params.genesisHash, height: height(), now: this.#now() });
    if (verdict.tag !== "NeedsFunding") return this.#follow(peer, gossip, verdict);
    const { message, bytes } = gossip as Gossip<ChannelAnnouncement>;
    // The chain is asked only for what its announcers have signed, and not for ever for one that announces nothing.
    if (!hasCredit(talking.credit, ctx.clock.now())) return;
    if (!verifyGossip(gossip, message.node_id_1)) return this.#follow(peer, gossip, badSignature(message));
    const proof = await this.#proofs.find(verdict);
    if (graph.channels.has(verdict.shortChannelId)) return;
    const judged = judgeFunding({ message, bytes }, verdict, proof);
    noteProof(talking.credit, judged.tag === "Accept");
    if (judged.tag === "Accept") this.#accept(peer, gossip, judged.relay, proof);
  }
  #follow(peer: NodeId, gossip: Gossip, verdict: Verdict): void {
    const { message } = gossip;
    switch (verdict.tag) {
      case "Ignore":
        return;
      case "Hold":
        if (message.name === "node_announcement" || gossip.bytes.length > HELD_BYTES_MAX) return;
        return hold(this.#held, {
          gossip: gossip as Gossip<ChannelAnnouncement | ChannelUpdate>,
          until: verdict.until,
          from: peer,
          since: this.#now(),
        });
      case "Punish": {
        const session = this.#parts.peers().session(peer);
        if (verdict.disconnect) session?.refuse(verdict.warning);
        else session?.send(warningTo(ALL_CHANNELS, verdict.warning));
        return;
      }
      case "Accept":
        if (!verifyGossip(gossip, verdict.signer)) return this.#follow(peer, gossip, badSignature(message));
        this.#accept(peer, gossip, verdict.relay);
        if (verdict.signer === this.#parts.ctx.self && message.name !== "channel_announcement")
          this.#parts.givenBack(message);
        return;
      default:
        return unreachable(verdict);
    }
  }
  /** Judged, verified and, if it is a channel, proven. */
  #accept(peer: NodeId, gossip: Gossip, relay: boolean, proof?: Proof): void {
    if (gossip.message.name === "channel_announcement" && proof !== undefined) {
      this.#proofs.watch(gossip.message.short_channel_id, proof.outpoint, proof.script);
    }
    this.#take(gossip, peer, relay, proof?.amount);
  }
  #take(gossip: Gossip, from: NodeId | undefined, relay: boolean, capacity?: Sat): void {
    const now = this.#now();
    const how = capacity === undefined ? { from, relay, now } : { from, relay, now, capacity };
    accept(this.#parts.graph, this.#relay, gossip, how);
    if (gossip.message.name === "channel_announcement") {
      this.#again(releaseFor(this.#held, gossip.message.short_channel_id));
    }
    this.#flushLater();
  }
  #flushLater(): void {
    this.#cancelFlush ??= this.#parts.ctx.clock.after(FLUSH_MS, () => this.#flush());
  }
  #flush(): void {
    this.#cancelFlush = undefined;
    const peers = [...this.#talking].map(([nodeId, { sync }]) => ({ nodeId, filter: sync.filter }));
    for (const [peer, messages] of flush(this.#relay, peers, this.#now())) {
      this.#talking.get(peer)?.sync.tell(messages);
    }
    if (this.#relay.waiting.size > 0) this.#flushLater();
  }
}

const isGossip = (message: WireMessage): message is ChannelAnnouncement | ChannelUpdate | NodeAnnouncement =>
  message.name === "channel_announcement" || message.name === "channel_update" || message.name === "node_announcement";
