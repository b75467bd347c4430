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
  type NeedsFunding,
  prune,
  releaseAnnouncements,
  releaseFor,
  type Verdict,
  verifyGossip,
} from "../../routing/index.ts";
import {
  type NodeId,
  type Outpoint,
  outpointKey,
  type ShortChannelId,
  scidBlock,
  scidOutputIndex,
  scidTxIndex,
} from "../base/ids.ts";
import { unreachable } from "../base/result.ts";
import { type BlockHeight, blockHeight, isSat, type Sat } from "../base/units.ts";
import type { ChainEvent } from "../ports/chain-source.ts";
import type { ChannelAnnouncement, ChannelUpdate, NodeAnnouncement } from "../wire/gossip.ts";
import type { WireMessage } from "../wire/registry.ts";
import type { NodeContext } from "./context.ts";
import { GossipSync } from "./gossip-sync.ts";
import type { Peers } from "./peers.ts";

export interface GossipHostParts {
  readonly ctx: NodeContext;
  readonly graph: Graph;
  readonly peers: () => Peers;
  readonly height: () => BlockHeight;
}
interface Talking {
  readonly intake: Intake;
  readonly sync: GossipSync;
  busy: boolean;
}
interface Proof {
  readonly amount: Sat;
  readonly script: Uint8Array;
  readonly outpoint: Outpoint;
}

/** Between two flushes to the peers. Shorter than the BOLT's minute, as our networks are our own. Policy, not protocol. */
const FLUSH_MS = 1_000;

/** Feeds the graph with what peers say, and tells peers what the graph has learnt. */
export class GossipHost {
  readonly #parts: GossipHostParts;
  readonly #talking = new Map<NodeId, Talking>();
  readonly #held = emptyHeld();
  readonly #relay = emptyRelay();
  /** Funding outputs of channels in the graph. */
  readonly #fundings = new Map<string, ShortChannelId>();
  #cancelFlush: (() => void) | undefined;
  #stopped = false;

  constructor(parts: GossipHostParts) {
    this.#parts = parts;
  }
  stop(): void {
    this.#stopped = true;
    this.#cancelFlush?.();
  }
  peerConnected(peer: NodeId, features: Uint8Array): void {
    const { ctx, graph, peers } = this.#parts;
    const sync = new GossipSync({ ctx, graph, session: () => peers().session(peer) });
    this.#talking.set(peer, { intake: emptyIntake(), sync, busy: false });
    sync.begin(features);
  }
  peerDisconnected(peer: NodeId): void {
    this.#talking.delete(peer);
  }
  /** True when the message was gossip, or a question or answer about it. */
  peerMessage(peer: NodeId, message: WireMessage, bytes: Uint8Array): boolean {
    const talking = this.#talking.get(peer);
    if (talking === undefined) return false;
    if (!isGossip(message)) return talking.sync.message(message);
    enqueue(talking.intake, { message, bytes });
    if (!talking.busy) void this.#work(peer, talking);
    return true;
  }
  /** Our own, known to be right: into the graph, and to every peer. */
  publish(gossip: Gossip, proof?: { readonly capacity: Sat; readonly funding: Outpoint }): void {
    const { graph } = this.#parts;
    if (gossip.message.name === "channel_announcement") {
      if (proof === undefined || graph.channels.has(gossip.message.short_channel_id)) return;
      this.#watch(gossip.message.short_channel_id, proof.funding);
    }
    this.#take(gossip, undefined, true, proof?.capacity);
  }
  chainEvent(event: ChainEvent): void {
    const { graph } = this.#parts;
    switch (event.tag) {
      case "OutpointSpent": {
        const id = this.#fundings.get(outpointKey(event.outpoint));
        if (id !== undefined) markSpent(graph, id, event.by.block.height);
        return;
      }
      case "BlockDisconnected":
        for (const { spentAt, shortChannelId } of graph.channels.values()) {
          if (spentAt !== undefined && spentAt >= event.block.height) markUnspent(graph, shortChannelId);
        }
        return;
      case "BlockConnected":
        prune(graph, event.block.height, this.#now());
        expireHeld(this.#held, this.#now());
        return this.#again(releaseAnnouncements(this.#held));
      case "ScriptPaid":
        return;
      default:
        return unreachable(event);
    }
  }

  #now(): number {
    return Math.floor(this.#parts.ctx.clock.now() / 1000);
  }
  #again(messages: readonly { readonly gossip: Gossip; readonly from: NodeId }[]): void {
    for (const { gossip, from } of messages) {
      const talking = this.#talking.get(from);
      if (talking === undefined) continue;
      enqueue(talking.intake, gossip);
      if (!talking.busy) void this.#work(from, talking);
    }
  }
  async #work(peer: NodeId, talking: Talking): Promise<void> {
    talking.busy = true;
    for (let next = dequeue(talking.intake); next !== undefined; next = dequeue(talking.intake)) {
      if (this.#stopped) return;
      await this.#judge(peer, next);
    }
    talking.busy = false;
  }
  async #judge(peer: NodeId, gossip: Gossip): Promise<void> {
    const { ctx, graph, height } = this.#parts;
    const verdict = judge(graph, gossip, { chain: ctx.params.genesisHash, height: height(), now: this.#now() });
    if (verdict.tag !== "NeedsFunding") return this.#follow(peer, gossip, verdict);
    const proof = await this.#prove(verdict);
    if (graph.channels.has(verdict.shortChannelId)) return;
    const { message, bytes } = gossip as Gossip<ChannelAnnouncement>;
    this.#follow(peer, gossip, judgeFunding({ message, bytes }, verdict, proof), proof);
  }
  /** What stands unspent where the short channel id points. */
  async #prove({ shortChannelId: id }: NeedsFunding): Promise<Proof | undefined> {
    const { chain } = this.#parts.ctx;
    const txid = await chain.txidAt(blockHeight(scidBlock(id)), scidTxIndex(id));
    if (txid === undefined) return undefined;
    const outpoint: Outpoint = { txid, vout: scidOutputIndex(id) };
    const output = await chain.unspent(outpoint);
    if (output === undefined || !isSat(output.amount)) return undefined;
    return { amount: output.amount, script: output.script, outpoint };
  }
  #follow(peer: NodeId, gossip: Gossip, verdict: Verdict, proof?: Proof): void {
    const { message } = gossip;
    switch (verdict.tag) {
      case "Ignore":
        return;
      case "Hold":
        if (message.name === "node_announcement") return;
        return hold(this.#held, {
          gossip: gossip as Gossip<ChannelAnnouncement | ChannelUpdate>,
          until: verdict.until,
          from: peer,
          since: this.#now(),
        });
      case "Punish":
        if (verdict.disconnect) this.#parts.peers().session(peer)?.refuse(verdict.warning);
        return;
      case "Accept":
        if (!verifyGossip(gossip, verdict.signer)) return this.#follow(peer, gossip, badSignature(message));
        if (message.name === "channel_announcement" && proof !== undefined) {
          this.#watch(message.short_channel_id, proof.outpoint, proof.script);
        }
        return this.#take(gossip, peer, verdict.relay, proof?.amount);
      default:
        return unreachable(verdict);
    }
  }
  #watch(id: ShortChannelId, outpoint: Outpoint, script: Uint8Array = new Uint8Array(0)): void {
    this.#fundings.set(outpointKey(outpoint), id);
    const from = blockHeight(scidBlock(id));
    this.#parts.ctx.chain.watch([{ tag: "Outpoint", outpoint, script, from }]);
  }
  #take(gossip: Gossip, from: NodeId | undefined, relay: boolean, capacity?: Sat): void {
    const now = this.#now();
    const how = capacity === undefined ? { from, relay, now } : { from, relay, now, capacity };
    accept(this.#parts.graph, this.#relay, gossip, how);
    if (gossip.message.name === "channel_announcement") {
      this.#again(releaseFor(this.#held, gossip.message.short_channel_id));
    }
    this.#cancelFlush ??= this.#parts.ctx.clock.after(FLUSH_MS, () => this.#flush());
  }
  #flush(): void {
    this.#cancelFlush = undefined;
    const peers = [...this.#talking].map(([nodeId, { sync }]) => ({ nodeId, filter: sync.filter }));
    for (const [peer, messages] of flush(this.#relay, peers)) {
      const session = this.#parts.peers().session(peer);
      for (const message of messages) session?.sendBytes(message);
    }
  }
}

const isGossip = (message: WireMessage): message is ChannelAnnouncement | ChannelUpdate | NodeAnnouncement =>
  message.name === "channel_announcement" || message.name === "channel_update" || message.name === "node_announcement";
