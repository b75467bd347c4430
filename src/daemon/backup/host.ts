import { type FundedState, keptOthers, type Restored } from "../../../channels/index.ts";
import { equalBytes } from "../../base/bytes.ts";
import { type ChannelId, type NodeId, outpointKey } from "../../base/ids.ts";
import { decode, encode } from "../../codec/codec.ts";
import { type Store, StoreCorrupt } from "../../ports/store.ts";
import { hasFeature } from "../../wire/features.ts";
import type { ChannelHost } from "../channel/host.ts";
import { ALL_CHANNELS } from "../channel/openings.ts";
import type { ChannelEntry } from "../channel/table.ts";
import type { NodeContext } from "../context.ts";
import type { Peers } from "../peer/peers.ts";
import { type PeerSession, warningTo } from "../peer/session.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";
import { backupOf, isBackedUp } from "./contents.ts";
import { backupText, openBackup, sealBackup, sealForPeer } from "./sealed.ts";
import { type BackupMark, isAhead, markRecord, type StaticBackup } from "./static-backup.ts";

/** The even bit of `option_provide_storage`. BOLT 9 §Assigned Feature Flags. */
export const PROVIDE_STORAGE = 42;
const LINEAGE_BYTES = 16;
const LANE = "backup";
/** Peers may write once a minute, and lose what waits. BOLT 1 §The peer_storage and peer_storage_retrieval Messages. */
const STORED_WITHIN_MS = 120_000;

/** The file beside the store. */
export interface BackupFile {
  /** What was in it at the start. */
  readonly found: StaticBackup | undefined;
  /** Resolves once the text is on stable storage in place of the one before. */
  write(text: string): Promise<void>;
}
export interface BackupParts {
  readonly ctx: NodeContext;
  readonly channels: () => ChannelHost;
  readonly peers: () => Peers;
  /** None in a world without files. */
  readonly file: BackupFile | undefined;
  /** Takes in what the store does not know of an authentic backup of these words. */
  readonly restore: (turn: Turn, backup: StaticBackup) => void;
}

/**
 * Keeps the static backup: counts the changes of the set of channels, writes the file, hands the same to peers that keep it
 * for us, and looks at what they give back. A funding transaction leaves only when the file tells of its channel.
 */
export class BackupHost {
  readonly #parts: BackupParts;
  /** Where each channel's money stands, and the parts of its state that say so. */
  readonly #known = new Map<ChannelId, { readonly parts: readonly unknown[]; readonly fundings: string }>();
  #mark: BackupMark | undefined;
  /** What the file has; undefined until it is known to have anything of this store. */
  #inFile: bigint | undefined;
  /** Is durable in the store. */
  #durable: bigint | undefined;
  #isWriting = false;
  #waiting: { readonly needs: bigint; readonly task: (turn: Turn) => void }[] = [];
  /** On the connection that there is: what the peer has of ours, and whether it has given anything back. */
  readonly #has = new WeakMap<PeerSession, bigint>();
  readonly #heard = new WeakSet<PeerSession>();

  constructor(parts: BackupParts) {
    this.#parts = parts;
    this.#mark = loadMark(parts.ctx.store);
  }

  /** Before anything else may change the set of channels. */
  start(turn: Turn): void {
    const { ctx, file, channels } = this.#parts;
    const isNew = this.#mark === undefined;
    for (const entry of channels().table.settled()) this.#note(entry);
    if (isNew)
      this.#put(turn, { lineage: ctx.random.bytes(LINEAGE_BYTES), generation: BigInt(this.#known.size > 0 ? 1 : 0) });
    const { lineage, generation } = this.mark;
    const found = file?.found;
    if (found !== undefined && !equalBytes(found.mark.lineage, lineage)) this.#parts.restore(turn, found);
    else if (found !== undefined && found.mark.generation === generation) this.#inFile = generation;
    // What was restored has counted on.
    const counted = this.mark.generation;
    turn.afterwards(LANE, () => this.#counted(counted));
  }
  get mark(): BackupMark {
    if (this.#mark === undefined) throw new Error("the backup has been started");
    return this.#mark;
  }
  /** The newest, also of what is on its way to the disk. */
  current(): StaticBackup {
    const { ctx, channels } = this.#parts;
    return backupOf(ctx, this.mark, channels().table.settled());
  }
  text(): string {
    return backupText(sealBackup(this.#parts.ctx.signer.backupKey, this.current()));
  }

  /** A durable state was taken: in the same group the backup counts what is new about the set of channels. */
  changed(turn: Turn, entry: ChannelEntry): void {
    if (this.#note(entry)) this.#count(turn);
  }
  forgotten(turn: Turn, id: ChannelId): void {
    if (this.#known.delete(id)) this.#count(turn);
  }
  #note({ state }: ChannelEntry): boolean {
    if (!isBackedUp(state)) return false;
    const { channelId } = state.params;
    const known = this.#known.get(channelId);
    const parts = partsOf(state);
    // At every payment: most channels have no other funding, and then nothing that says so has changed.
    if (known !== undefined && parts.every((part, at) => part === known.parts[at])) return false;
    const others = keptOthers(state).map(({ outpoint }) => outpoint);
    const fundings = [state.params.funding, ...others].map(outpointKey).join();
    this.#known.set(channelId, { parts, fundings });
    return known?.fundings !== fundings;
  }
  #count(turn: Turn): void {
    const { lineage, generation } = this.mark;
    this.#put(turn, { lineage, generation: generation + 1n });
    const counted = generation + 1n;
    turn.afterwards(LANE, () => this.#counted(counted));
  }
  /**
   * What is written and handed out was durable before: a backup that is newer than its store would make an old copy of it.
   * Another change may be on its way to the disk; it comes here as well.
   */
  #counted(generation: bigint): void {
    this.#durable = generation;
    this.#write();
    for (const session of this.#parts.peers().live()) if (session.remote !== undefined) this.#hand(session.remote);
  }
  #put(turn: Turn, { lineage, generation }: Pick<BackupMark, "lineage" | "generation">): void {
    const mark = { lineage, generation, changedAt: turn.now };
    this.#mark = mark;
    turn.put(KEY.backup, () => encode(markRecord, mark));
  }

  /** Runs the task once the file tells of every channel that there is now: at once when it does. */
  whenKept(turn: Turn, task: (turn: Turn) => void): void {
    const needs = this.mark.generation;
    if (this.#parts.file === undefined || this.#inFile === needs) task(turn);
    else this.#waiting.push({ needs, task });
  }
  /** One write at a time; what changes meanwhile is in the next one. */
  #write(): void {
    const { file, ctx } = this.#parts;
    const { generation } = this.mark;
    if (file === undefined || this.#isWriting || this.#inFile === generation || this.#durable !== generation) return;
    this.#isWriting = true;
    file.write(this.text()).then(
      () => this.#written(generation),
      // A disk that does not take the backup is as one that does not take the store.
      (error) =>
        ctx.turns.run(() => {
          throw error;
        }),
    );
  }
  #written(generation: bigint): void {
    this.#isWriting = false;
    this.#inFile = generation;
    const ready = this.#waiting.filter(({ needs }) => needs <= generation);
    this.#waiting = this.#waiting.filter(({ needs }) => needs > generation);
    if (ready.length > 0)
      this.#parts.ctx.turns.run((turn) => {
        for (const { task } of ready) task(turn);
      });
    this.#write();
  }

  /** The peer has said where its channels stand, and before that what it keeps for us: now it may have the newest. */
  peerSpoke(turn: Turn, peer: NodeId): void {
    const session = this.#parts.peers().session(peer);
    if (session !== undefined && this.#has.get(session) !== this.mark.generation)
      turn.afterwards(LANE, () => this.#hand(peer));
  }
  /** A channel can be used for the first time: until then its peer may have kept nothing for us. */
  peerReady(turn: Turn, peer: NodeId): void {
    const session = this.#parts.peers().session(peer);
    if (session !== undefined) this.#has.delete(session);
    turn.afterwards(LANE, () => this.#hand(peer));
  }
  #hand(peer: NodeId): void {
    const { ctx, peers, channels } = this.#parts;
    const { generation } = this.mark;
    if (this.#durable !== generation) return;
    const session = peers().session(peer);
    if (session === undefined || !hasFeature(session.features, PROVIDE_STORAGE)) return;
    if (this.#has.get(session) === generation || !channels().table.hasFunded(peer)) return;
    this.#has.set(session, generation);
    session.send({ name: "peer_storage", blob: sealForPeer(ctx.signer.backupKey, this.current(), peer) });
  }

  /**
   * `peer_storage_retrieval`, once on a connection. What is authentic can only have been made by a node with our words: of
   * this store and newer than it, it proves that the store is an old copy; of another store it tells of channels that are to
   * be restored. What is older proves nothing, and no state of ours ever goes back to it.
   */
  retrieved(turn: Turn, peer: NodeId, blob: Uint8Array): void {
    const { ctx, restore, peers, channels } = this.#parts;
    const session = peers().session(peer);
    if (session === undefined || this.#heard.has(session)) return;
    this.#heard.add(session);
    const opened = openBackup(ctx.signer.backupKey, blob);
    if (!opened.ok) return this.#complain(turn, peer, "what you kept for us is not what we gave you");
    const { lineage, generation } = opened.value.mark;
    if (opened.value.network !== ctx.params.network)
      return this.#complain(turn, peer, "what you kept for us is of another network");
    if (!equalBytes(lineage, this.mark.lineage)) return restore(turn, opened.value);
    if (isAhead(opened.value.mark, this.mark)) return this.#isOldCopy(turn, peer, opened.value);
    if (generation < this.mark.generation) {
      // A store that was an old copy has counted on from what the first peer knew that told so; another may know of more.
      if (channels().keyIndexes.areOfSecondLife) restore(turn, opened.value);
      // Until then the peer may be about to write it.
      const isLate = turn.now - this.mark.changedAt > STORED_WITHIN_MS;
      return isLate ? this.#complain(turn, peer, "what you kept for us is outdated") : undefined;
    }
    this.#has.set(session, generation);
  }
  #complain(turn: Turn, peer: NodeId, text: string): void {
    this.#parts.channels().peerLog.warn(peer, "peer storage", { text });
    this.#parts.channels().tell(turn, peer, warningTo(ALL_CHANNELS, text));
  }
  /** RELIABILITY P5: any of our states may be revoked, so none is signed for or published any more. */
  #isOldCopy(turn: Turn, peer: NodeId, newer: StaticBackup): void {
    const { ctx, channels, restore } = this.#parts;
    ctx.log.error("this store is an old copy: a peer keeps a newer backup of it", { peer });
    ctx.events.record(turn, "node.old_copy", { peer, generation: newer.mark.generation.toString() });
    for (const entry of channels().table.settled()) channels().apply(turn, entry, { tag: "DataLost" });
    channels().keyIndexes.skip(turn);
    restore(turn, newer);
    const { lineage } = this.mark;
    this.#put(turn, { lineage, generation: newer.mark.generation });
    this.#count(turn);
  }
}

/** What of a state decides where its money stands: the same objects while nothing of that changes. */
const partsOf = (state: FundedState | Restored): readonly unknown[] =>
  state.tag === "Restored"
    ? [state.params, state.others]
    : [state.params, state.attempts, state.commitments.others.length === 0 ? 0 : state.commitments.others];

/** Which backup the store has counted last; undefined of a store that was made before there were any. */
export function loadMark(store: Pick<Store, "get">): BackupMark | undefined {
  const value = store.get(KEY.backup);
  if (value === undefined) return undefined;
  const decoded = decode(markRecord, value);
  if (!decoded.ok) throw new StoreCorrupt(KEY.backup, "not the mark of a backup");
  return decoded.value;
}
