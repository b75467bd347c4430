import { join } from "node:path";
import type { BlockHash, Outpoint, Txid } from "../../../base/ids.ts";
import { err, ok, present, type Result } from "../../../base/result.ts";
import type { BlockHeight, SatPerKw } from "../../../base/units.ts";
import type { ClaimedBlock } from "../../../bitcoin/block.ts";
import type { ChainParams } from "../../../bitcoin/params.ts";
import type { ClaimedTx } from "../../../bitcoin/tx.ts";
import {
  feerateFor,
  invalidate,
  type NodeBrain,
  nodeBrain,
  prefer,
  reconsider,
  takeBlockAtOnce,
  takeOwnTx,
  takePackage,
  templateFor,
  tryTx,
} from "../../../chain/brain.ts";
import type { BlockRefusal } from "../../../chain/chain.ts";
import { wordsOf } from "../../../chain/faults.ts";
import type { FilterStorage } from "../../../chain/filter-storage.ts";
import { hashBlock } from "../../../chain/hashed-block.ts";
import { DEFAULT_POLICY } from "../../../chain/mempool.ts";
import { announceTip } from "../../../chain/sync/announce.ts";
import { staleSince } from "../../../chain/sync/late-tip.ts";
import { type Sync, syncOf } from "../../../chain/sync/peer.ts";
import { type SyncProgress, syncProgress } from "../../../chain/sync/progress.ts";
import { servicesOf } from "../../../chain/sync/services.ts";
import { rememberBlocks } from "../../../chain/sync/take-tx.ts";
import { announceTx } from "../../../chain/sync/transactions.ts";
import type { Asked, BaseNode, BaseNodeInfo, BasePeer, DialFault, PackageVerdict } from "../../../ports/base-node.ts";
import type {
  BlockRef,
  BroadcastRefusal,
  Deliver,
  FeeCare,
  UnspentOutput,
  Watch,
} from "../../../ports/chain-source.ts";
import type { Log } from "../../../ports/log.ts";
import type { Address, Names, Network } from "../../../ports/network.ts";
import type { Clock, Random } from "../../../ports/world.ts";
import {
  brainInfo,
  isSynced,
  refOf,
  txidAtPlace,
  unspentAt,
  WholeAnswers,
  type WholeChain,
  wholeChain,
} from "../answers.ts";
import { type FeedPump, feedPump } from "../feed-pump.ts";
import { Signal } from "../signal.ts";
import { openAddresses } from "./address-file.ts";
import { openFilterFiles } from "./filter-files.ts";
import { FilterKeeper } from "./filter-keeper.ts";
import { Horizon } from "./horizon.ts";
import { type KeepsakeFile, openKeepsake } from "./keepsake-file.ts";
import { Links, wholeNode } from "./links.ts";
import { type ChangeListener, Listeners } from "./listeners.ts";
import { type NonceSearch, nonceSearch } from "./mining.ts";
import { Neighbours } from "./neighbours.ts";
import { pruneBehind } from "./prune-behind.ts";
import { type ChainFiles, type DiskOptions, openChainFiles } from "./storage.ts";
import { Verdicts } from "./verdicts.ts";

export interface BaseNodeOptions {
  /** Made if it is not there. */
  readonly folder: string;
  readonly params: ChainParams;
  /** Whether it keeps filters, in a folder within its own, and serves them to light clients. True unless told. */
  readonly filters?: boolean;
  /** Whether transactions of version 1 that are not final wait, and give way to higher sequences. False unless told. */
  readonly sequenceReplacement?: boolean;
  readonly disk?: DiskOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly log: Log;
  readonly names?: Names;
}

/** Opens the bundled Bitcoin node. Throws a readable error when the folder cannot be its own. */
export const openBaseNode = (options: BaseNodeOptions): EmbeddedNode => new EmbeddedNode(options);

const EXTRA_NONCE_BYTES = 8;

/** The bundled Bitcoin node: chain and mempool, its files, its peers and its miner. */
export class EmbeddedNode extends WholeAnswers implements BaseNode {
  /** For checkers: nothing in it may be changed from outside. */
  readonly brain: NodeBrain;
  readonly files: ChainFiles;
  /** Everything up to the tip, also what is not on stable storage yet. */
  readonly whole: WholeChain;
  readonly #clock: Clock;
  readonly #keepsake: KeepsakeFile;
  readonly #random: Random;
  readonly #filters: FilterKeeper | undefined;
  readonly #sync: Sync;
  readonly #links: Links;
  readonly #verdicts: Verdicts;
  readonly neighbours: Neighbours;
  readonly #miner: NonceSearch;
  readonly #pump: FeedPump;
  readonly #horizon: Horizon;
  #mining: Promise<unknown> = Promise.resolve();
  #stopped = false;
  readonly #listeners: Listeners;
  readonly #progressed = new Signal();
  readonly onProgress = this.#progressed.add;

  constructor(options: BaseNodeOptions) {
    super();
    const { folder, params, filters = true, disk = {}, sequenceReplacement = false } = options;
    const { clock, random, network, log, names } = options;
    this.#clock = clock;
    this.#random = random;
    this.files = openChainFiles({ folder, params, ...disk });
    const settled = this.files.tip() ?? params.genesisHash;
    this.brain = nodeBrain(params, this.files, { ...DEFAULT_POLICY, sequenceReplacement });
    this.#keepsake = openKeepsake(folder, this.brain, log);
    const { chain, pool } = this.brain;
    this.#listeners = new Listeners(pool.journals);
    this.whole = wholeChain(this.brain, () => chain.tip);
    const stored = present(chain.index.tree.nodes.get(settled), "the stored tip is a known block");
    this.#horizon = new Horizon({ chain, at: stored, files: this.files, clock, onMoved: () => this.#moved() });
    if (filters) this.#filters = new FilterKeeper(chain, openFilterFiles(join(folder, "filters"), params), clock);
    const file = openAddresses(folder, { clock, random, log });
    this.#sync = syncOf(this.brain, this.#filters?.index, disk.pruneBytes === undefined ? "full" : "pruned", file.book);
    this.#links = new Links({
      machine: wholeNode(this.#sync, () => this.#progressed.tell()),
      magic: params.magic,
      ...{ clock, random, log },
      onTipChanged: () => {
        this.#filters?.follow();
        this.#horizon.settleSoon();
        this.#listeners.tipChanged();
        this.#progressed.tell();
      },
      onStepped: () => this.#listeners.stepped(),
      disk: this.files,
      onTxTaken: () => this.#pump.poke(),
      onWaiting: (waiting) => this.#verdicts.verify(waiting),
    });
    this.#verdicts = new Verdicts({ sync: this.#sync, clock, perform: (effects) => this.#links.perform(effects) });
    this.neighbours = new Neighbours({ sync: this.#sync, links: this.#links, file, network, clock, names });
    this.#miner = nonceSearch(params.network);
    this.#pump = feedPump({
      brain: this.brain,
      horizon: () => this.#horizon.at,
      schedule: (task) => void clock.after(0, task),
    });
    this.#horizon.settleSoon();
  }

  tip(): BlockRef {
    return refOf(this.#horizon.at);
  }
  start(cursor: BlockRef | undefined, deliver: Deliver): void {
    this.#pump.start(cursor, deliver);
  }
  watch(watches: readonly Watch[]): void {
    this.#pump.watch(watches);
  }
  async unspent(outpoint: Outpoint): Promise<UnspentOutput | undefined> {
    return unspentAt(this.brain, outpoint);
  }
  async txidAt(height: BlockHeight, index: number): Promise<Txid | undefined> {
    return txidAtPlace(this.brain.chain, this.brain.chain.tip, height, index);
  }
  async broadcast(tx: ClaimedTx): Promise<Result<Txid, BroadcastRefusal>> {
    const taken = takeOwnTx(this.brain, tx, this.#now());
    if (!taken.ok) return err({ code: "rejected", reason: wordsOf(taken.error) });
    this.#pump.poke();
    this.#links.perform(announceTx(this.#sync, taken.value));
    return taken;
  }
  async submitPackage(txs: readonly ClaimedTx[]): Asked<PackageVerdict> {
    const verdict = takePackage(this.brain, txs, this.#now());
    const taken = verdict.txs.filter(({ tag }) => tag === "Taken");
    if (taken.length > 0) this.#pump.poke();
    this.#links.perform(taken.flatMap(({ txid }) => announceTx(this.#sync, txid)));
    return ok(verdict);
  }
  async testAccept(txs: readonly ClaimedTx[]): Asked<PackageVerdict> {
    return ok(tryTx(this.brain, txs, this.#now()));
  }
  feerate(blocks: number, care: FeeCare = "economical"): SatPerKw | undefined {
    return feerateFor(this.brain, { blocks, care, now: this.#now() });
  }

  async info(): Asked<BaseNodeInfo> {
    return ok({ ...brainInfo(this.brain), peers: this.#links.peers().length, address: this.neighbours.address });
  }
  readonly synced = (): boolean => isSynced(this.brain.chain);
  readonly progress = (): SyncProgress | undefined => syncProgress(this.#sync, this.#clock.now());
  readonly staleSince = (): number | undefined => staleSince(this.#sync.late);
  readonly peers = async (): Asked<readonly BasePeer[]> => ok(this.#links.peers());
  readonly services = (): bigint => servicesOf(this.#sync);
  connect(address: Address): Promise<Result<void, DialFault>> {
    return this.neighbours.connect(address);
  }
  /** Accepts peers. Resolves with the address in use; rejects with the system's error. */
  listen(address: Address): Promise<Address> {
    return this.neighbours.listen(address);
  }

  /** Resolves once everything up to the tip is on stable storage, and what can be pruned is gone. */
  settled(): Promise<void> {
    return this.#horizon.settle();
  }
  /** A block from elsewhere than a peer. It is taken in, and told to everyone if it makes a better chain. */
  submit(block: ClaimedBlock): Result<BlockHash, BlockRefusal> {
    const hashed = hashBlock(block);
    const taken = takeBlockAtOnce(this.brain, hashed, this.#now());
    if (!taken.ok) return taken;
    const own = taken.value.rejected.find(({ hash }) => hash === hashed.hash);
    rememberBlocks(this.#sync, taken.value);
    if (taken.value.connected.length > 0) this.#links.perform([{ tag: "TipChanged" }, ...announceTip(this.#sync)]);
    return own === undefined ? ok(hashed.hash) : err(own.fault);
  }
  /** By hand: the block and all on top of it are invalid from now on. False for one that is not known. */
  readonly invalidate = (hash: BlockHash): boolean => this.#judge(hash, invalidate);
  /** Takes that back. */
  readonly reconsider = (hash: BlockHash): boolean => this.#judge(hash, reconsider);
  /** Follows it as if it had come before every other block with the same work. False for one that is not known. */
  readonly prefer = (hash: BlockHash): boolean => this.#judge(hash, prefer);
  #judge(hash: BlockHash, verdict: typeof invalidate): boolean {
    const node = this.brain.chain.index.tree.nodes.get(hash);
    if (node?.previous === undefined) return false;
    const before = this.brain.chain.tip;
    verdict(this.brain, node, this.#now());
    if (this.brain.chain.tip !== before) this.#links.perform([{ tag: "TipChanged" }, ...announceTip(this.#sync)]);
    return true;
  }
  /** Hears each time that the best chain is another one. The answer ends it. */
  readonly onTip = (listener: () => void): (() => void) => this.#listeners.addOfTip(listener);
  /** Hears of each change of chain and mempool, in order, soon after it. The answer ends it. */
  readonly onChanges = (listener: ChangeListener): (() => void) => this.#listeners.addOfChanges(listener);
  get filters(): FilterStorage | undefined {
    return this.#filters?.index.storage;
  }
  async mine(count: number, script: Uint8Array): Asked<readonly BlockHash[]> {
    const mining = this.#mining.then(() => this.#mineAll(count, script));
    this.#mining = mining.catch(() => undefined);
    return ok(await mining);
  }
  async #mineAll(count: number, script: Uint8Array): Promise<readonly BlockHash[]> {
    const hashes: BlockHash[] = [];
    while (hashes.length < count) {
      const hash = await this.#mineOne(script);
      if (hash !== undefined) hashes.push(hash);
    }
    await this.#horizon.settle();
    return hashes;
  }
  /** Undefined when the search was for nothing: another block came first, or no nonce was good. */
  async #mineOne(script: Uint8Array): Promise<BlockHash | undefined> {
    await this.files.room();
    const { chain } = this.brain;
    const extraNonce = this.#random.bytes(EXTRA_NONCE_BYTES);
    const template = templateFor(this.brain, { script, now: this.#now(), extraNonce });
    const nonce = await this.#miner.search(template.header);
    if (nonce === undefined || chain.tip.hash !== template.header.previous) return undefined;
    const submitted = this.submit({ ...template, header: { ...template.header, nonce } });
    // Not an assertion: a clock that was set back makes every new block one of the future.
    if (!submitted.ok) throw new Error(`our own block was refused: ${submitted.error.code}`);
    return submitted.value;
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#pump.stop();
    await this.neighbours.stop();
    await this.#miner.close();
    await this.#verdicts.stop();
    await this.#mining;
    await this.#horizon.stop();
    await this.#filters?.stop();
    await this.#keepsake.keep();
    await this.files.close();
  }

  #moved(): Promise<void> | undefined {
    this.#pump.poke();
    if (this.#sync.role !== "pruned") return undefined;
    return pruneBehind(this.brain, this.#horizon.at, this.files, this.#filters);
  }
  /** Seconds since 1970-01-01 UTC. */
  #now(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}
