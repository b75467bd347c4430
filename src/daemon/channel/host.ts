import {
  type ChannelEnv,
  type ChannelInput,
  type ChannelKeys,
  type ChannelMessage,
  type ChannelSigner,
  type ChannelState,
  type CommitmentHtlc,
  decodeChannel,
  deriveAhead,
  type Explanation,
  encodeChannel,
  explanationRecord,
  FRESH,
  FRESH_MEMORY,
  type FundedState,
  type HtlcFailure,
  type HtlcOrigin,
  type HtlcSettlement,
  type IncomingHtlc,
  isAttributing,
  isChannelMessage,
  isDurable,
  isPendingFor,
  isUnresolved,
  type OfferRefusal,
  revokedHtlcs,
  type SignerMemory,
  step,
} from "../../../channels/index.ts";
import { utf8 } from "../../base/bytes.ts";
import type { ChannelId, NodeId, PaymentHash } from "../../base/ids.ts";
import { assert, present } from "../../base/result.ts";
import type { BlockHeight } from "../../base/units.ts";
import { OldCopy } from "../../ports/signer.ts";
import { StoreCorrupt } from "../../ports/store.ts";
import type { ChannelAnnouncement } from "../../wire/gossip.ts";
import type { OpenChannel, OpenChannel2 } from "../../wire/opening.ts";
import type { WireMessage } from "../../wire/registry.ts";
import type { BackupHost } from "../backup/host.ts";
import { Batches } from "../batch/batches.ts";
import { giveUpUndecided } from "../batch/construction.ts";
import type { NodeContext } from "../context.ts";
import { offeredInit } from "../offered.ts";
import { PeerLog } from "../peer/peer-log.ts";
import type { Peers } from "../peer/peers.ts";
import { type RecordTable, recordTable } from "../record-table.ts";
import { KEY } from "../records.ts";
import { peerLane, type Turn } from "../turn.ts";
import type { WalletHost } from "../wallet/host.ts";
import { freshAlias } from "./alias.ts";
import { type AwaitedCloses, awaitedCloses, noteAwaited } from "./awaited-closes.ts";
import type { ClaimHost } from "./claim-host.ts";
import { tellClosing } from "./closing-event.ts";
import { performChannelEffect } from "./effects.ts";
import { channelEnv } from "./env.ts";
import { endWaitForPeers, expectPeers, noteHeard } from "./first-hearing.ts";
import { release } from "./funding-coins.ts";
import { KeyIndexes } from "./key-indexes.ts";
import { ALL_CHANNELS, openingRefusal } from "./openings.ts";
import { type ChannelEntry, ChannelTable, channelEntry, memoryOf, paramsOf, settledId } from "./table.ts";

/** What the channels tell the rest of the node. */
export interface ChannelListener {
  /** Offered by a peer, with no commitment yet that holds it. */
  readonly htlcArrived: (onion: Uint8Array, paymentHash: PaymentHash) => void;
  readonly htlcCommitted: (turn: Turn, htlc: IncomingHtlc) => void;
  /** Whether some that are committed still wait to be looked at. */
  readonly isDeciding: (id: ChannelId) => boolean;
  readonly htlcSettled: (turn: Turn, origin: HtlcOrigin, settled: HtlcSettlement) => void;
  readonly htlcFailed: (turn: Turn, origin: HtlcOrigin, failure: HtlcFailure) => void;
  readonly offerRefused: (turn: Turn, origin: HtlcOrigin, reason: OfferRefusal) => void;
  /** A durable state was taken: what its HTLC set no longer holds is over. */
  readonly committed: (turn: Turn, entry: ChannelEntry) => void;
  /** Told on every reconnection; `isNews` the first time. */
  readonly ready: (turn: Turn, entry: ChannelEntry, isNews: boolean) => void;
  readonly gone: (turn: Turn, entry: ChannelEntry) => void;
  readonly announced: (turn: Turn, entry: ChannelEntry, announcement: ChannelAnnouncement) => void;
}
export interface ChannelHostParts {
  readonly ctx: NodeContext;
  readonly peers: () => Peers;
  readonly wallet: WalletHost;
  readonly claims: ClaimHost;
  readonly backup: BackupHost;
  readonly listener: ChannelListener;
  readonly height: () => BlockHeight;
}

/** Feeds the channel machines and carries out what they ask for. */
export class ChannelHost {
  readonly parts: ChannelHostParts;
  readonly table = new ChannelTable();
  readonly #revoked: RecordTable<readonly CommitmentHtlc[]>;
  /** How channels ended, by id, also of those that are forgotten. */
  readonly ended: RecordTable<Explanation>;
  readonly awaited: AwaitedCloses;
  readonly #offered: readonly number[];
  readonly #batches = new Batches();
  readonly keyIndexes: KeyIndexes;
  readonly peerLog: PeerLog;

  constructor(parts: ChannelHostParts) {
    this.parts = parts;
    this.#offered = offeredInit(parts.ctx.policy.channel);
    this.#revoked = recordTable(parts.ctx.store, KEY.revokedAll, revokedHtlcs);
    this.ended = recordTable(parts.ctx.store, KEY.ended, explanationRecord);
    this.awaited = awaitedCloses(parts.ctx.store);
    this.keyIndexes = new KeyIndexes(parts.ctx);
    this.peerLog = new PeerLog(parts.ctx, (peer) => this.table.hasFunded(peer));
    this.#load();
  }

  #load(): void {
    const { store } = this.parts.ctx;
    for (const { key, value } of store.range(KEY.channels)) {
      const state = decodeChannel(value);
      if (!state.ok) throw new StoreCorrupt(key, `not a channel: ${state.error}`);
      const { remoteNodeId: peer, temporaryChannelId: temporaryId, keyIndex } = state.value.params;
      const remembered = memoryOf(state.value);
      const signer = this.#signerOf(keyIndex, remembered);
      const entry = channelEntry({ peer, temporaryId, keyIndex, signer }, state.value);
      assert(this.table.settle(entry), "each channel has one record");
    }
    expectPeers(this);
  }
  #signerOf(keyIndex: number, remembered: SignerMemory | undefined): ChannelSigner {
    const signer = this.parts.ctx.signer.channel(keyIndex, remembered);
    if (!signer.ok) throw new OldCopy(signer.error.detail);
    return signer.value;
  }
  /** Says again what the rest of the node may have missed. */
  start(turn: Turn): void {
    giveUpUndecided(this, turn);
    endWaitForPeers(this);
    for (const entry of this.table.settled()) {
      this.table.nameReady(entry);
      this.apply(turn, entry, { tag: "Resume" });
    }
  }

  /** Steps one channel and carries out what follows; signatures are answered before anything else. */
  apply(turn: Turn, entry: ChannelEntry, input: ChannelInput): void {
    const before = entry.state;
    const transition = step(this.env(entry), before, input);
    if (transition.kind !== "stay") {
      entry.state = transition.next;
      noteHeard(entry, transition.next);
      const isNamed = settledId(before, entry.temporaryId) === undefined;
      if (isNamed && settledId(transition.next, entry.temporaryId) !== undefined && !this.table.settle(entry)) {
        return this.#collision(turn, entry);
      }
      if (transition.kind === "commit") {
        const { next } = transition;
        const id = next.params.channelId;
        turn.put(KEY.channel(id), () => encodeChannel(next));
        noteAwaited(this.awaited, turn, id, { height: this.parts.height(), before, next });
        tellClosing(this.parts, turn, entry, before, next);
        this.parts.backup.changed(turn, entry);
        this.table.kept(entry);
        turn.next((later) => this.parts.listener.committed(later, entry));
      }
    }
    for (const effect of transition.effects) performChannelEffect(this, turn, entry, effect);
    if (entry.state.tag === "Aborted") this.drop(turn, entry, entry.state.reason);
    if (transition.kind === "commit" && isNextCommitment(before, transition.next)) this.#deriveSoon(turn, entry);
  }
  /** After what the peer waits for has left: its answer takes a while. */
  #deriveSoon(turn: Turn, entry: ChannelEntry): void {
    const { clock } = this.parts.ctx;
    turn.afterwards(`keys/${entry.keyIndex}`, () => clock.after(0, () => deriveAhead(entry.signer.keys, entry.state)));
  }
  /** RELIABILITY C29: two channels of one id, or over one output. The later one never was. */
  #collision(turn: Turn, entry: ChannelEntry): void {
    const text = "channel id or funding output is taken";
    this.tell(turn, entry.peer, { name: "error", channel_id: entry.temporaryId, data: utf8(text) });
    this.drop(turn, entry, text);
  }
  drop(turn: Turn, entry: ChannelEntry, reason: string): void {
    this.table.remove(entry);
    if (!isDurable(entry.state)) this.parts.ctx.signer.forget(entry.keyIndex);
    release(this, turn, entry);
    if (entry.fundingTxid !== undefined) this.parts.wallet.release(turn, entry.fundingTxid);
    entry.batch?.failed(this, turn, entry, reason);
    const asked = entry.asked;
    entry.asked = undefined;
    if (asked !== undefined) turn.afterwards("answers", () => asked({ tag: "refused", detail: reason }));
  }
  /** A message to the peer of a channel, in order behind what this turn has to make durable. */
  tell(turn: Turn, peer: NodeId, message: WireMessage): void {
    turn.afterwards(peerLane(peer), () => this.parts.peers().send(peer, message));
  }

  /** A channel that is about to be opened, by us or by the peer. Its key index is never used again. */
  begin(turn: Turn, peer: NodeId, id: ChannelId | ((keys: ChannelKeys) => ChannelId)): ChannelEntry {
    const keyIndex = this.keyIndexes.take(turn);
    const signer = this.#signerOf(keyIndex, FRESH_MEMORY);
    const temporaryId = typeof id === "function" ? id(signer.keys) : id;
    const entry = channelEntry(
      { peer, temporaryId, keyIndex, signer },
      FRESH,
      freshAlias(this.table, this.parts.ctx.random),
    );
    this.table.addOpening(entry);
    return entry;
  }
  peerConnected(turn: Turn, peer: NodeId): void {
    for (const entry of this.table.of(peer)) this.apply(turn, entry, { tag: "Connected" });
  }
  peerDisconnected(turn: Turn, peer: NodeId): void {
    this.#batches.forget(peer);
    for (const entry of this.table.of(peer)) {
      this.apply(turn, entry, { tag: "Disconnected" });
      if (!isDurable(entry.state)) this.drop(turn, entry, "the peer disconnected");
    }
  }
  peerMessage(turn: Turn, peer: NodeId, message: WireMessage): void {
    if (!isChannelMessage(message)) return;
    const toAll = message.name === "error" || message.name === "warning";
    if (toAll && message.channel_id === ALL_CHANNELS) {
      for (const entry of this.table.of(peer)) this.apply(turn, entry, { tag: "PeerMessage", message });
      return;
    }
    const entry = this.#addressee(turn, peer, message);
    const broken = this.#batches.brokenBy(peer, entry);
    if (broken !== undefined) this.apply(turn, broken, { tag: "BatchInterrupted" });
    if (entry === undefined) return;
    const before = entry.state;
    this.apply(turn, entry, { tag: "PeerMessage", message });
    this.#batches.note(peer, entry, message);
    // A channel that has failed takes none, and no work is done for what is not taken.
    if (message.name === "update_add_htlc" && entry.state !== before)
      this.parts.listener.htlcArrived(message.onion_routing_packet, message.payment_hash);
  }
  /** Only a channel of this very peer. BOLT 1 §The error and warning Messages; RELIABILITY C20. */
  #addressee(turn: Turn, peer: NodeId, message: ChannelMessage): ChannelEntry | undefined {
    if (message.name === "open_channel" || message.name === "open_channel2") return this.#opened(turn, peer, message);
    const id = "channel_id" in message ? message.channel_id : message.temporary_channel_id;
    const settled = this.table.byId(id);
    if (settled?.peer === peer) return settled;
    const opening = this.table.opening(peer, id);
    if (opening !== undefined) return opening;
    // The last word about an opening that is forgotten here.
    if (message.name !== "error" && message.name !== "warning" && message.name !== "tx_abort")
      this.#unknown(turn, peer, id);
    return undefined;
  }
  /** Who has no channel here has nothing to say about one: what it is told is the last that it hears. */
  #unknown(turn: Turn, peer: NodeId, id: ChannelId): void {
    this.tell(turn, peer, { name: "error", channel_id: id, data: utf8("unknown channel") });
    if (this.table.of(peer).length === 0) turn.afterwards(peerLane(peer), () => this.parts.peers().hangUp(peer));
  }
  #opened(turn: Turn, peer: NodeId, open: OpenChannel | OpenChannel2): ChannelEntry | undefined {
    const refusal = openingRefusal(this.parts.ctx.policy, this.table, peer, open, this.parts.height());
    if (refusal === undefined) return this.begin(turn, peer, open.temporary_channel_id);
    this.tell(turn, peer, refusal);
    return undefined;
  }

  /** With the secret that comes with it, what a penalty for this commitment needs. */
  keepRevoked(turn: Turn, entry: ChannelEntry, { number, htlcs }: RevokedCommitment): void {
    this.#revoked.put(turn, KEY.revokedId(channelIdOf(entry), number), htlcs);
  }
  revoked(entry: ChannelEntry, number: bigint): RevokedCommitment {
    return { number, htlcs: this.#revoked.get(KEY.revokedId(channelIdOf(entry), number)) ?? [] };
  }

  env(entry: ChannelEntry): ChannelEnv {
    return channelEnv(this.parts, this.#offered, entry);
  }
  /** Whether answers to HTLCs of this channel say how long they were here. */
  isAttributing(id: ChannelId): boolean {
    const entry = this.table.byId(id);
    return entry !== undefined && isAttributing(this.env(entry));
  }
  /** Whether an HTLC that has come in, and counts, is not answered yet. */
  isUnresolved(id: ChannelId, htlcId: bigint): boolean {
    const state = this.table.byId(id)?.state;
    return state !== undefined && isFundedState(state) && isUnresolved(state, htlcId);
  }
  /** Whether some channel's state holds an HTLC that was offered for this. */
  holds(origin: HtlcOrigin): boolean {
    return this.table.settled().some(({ state }) => isFundedState(state) && isPendingFor(state, origin));
  }
}

interface RevokedCommitment {
  readonly number: bigint;
  readonly htlcs: readonly CommitmentHtlc[];
}
const channelIdOf = ({ state }: ChannelEntry): ChannelId =>
  present(paramsOf(state), "only a funded channel revokes").channelId;
const isFundedState = (state: ChannelState): state is FundedState => "commitments" in state;
/** Either side's next commitment is another one than before. */
const isNextCommitment = (before: ChannelState, after: ChannelState): boolean =>
  isFundedState(after) &&
  (!isFundedState(before) ||
    before.commitments.local.number !== after.commitments.local.number ||
    before.commitments.remoteNextPoint !== after.commitments.remoteNextPoint);
