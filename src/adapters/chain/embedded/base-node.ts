import { join } from "node:path";
import type { BlockHash, Outpoint, Txid } from "../../../base/ids.ts";
import { err, ok, present, type Result } from "../../../base/result.ts";
import type { BlockHeight, SatPerKw } from "../../../base/units.ts";
import type { Block } from "../../../bitcoin/block.ts";
import type { ChainParams } from "../../../bitcoin/params.ts";
import type { Tx } from "../../../bitcoin/tx.ts";
import {
  feerateFor,
  type NodeBrain,
  nodeBrain,
  takeBlockAtOnce,
  takePackage,
  takeTx,
  templateFor,
  tryTx,
} from "../../../chain/brain.ts";
import type { BlockRefusal } from "../../../chain/chain.ts";
import { hashBlock } from "../../../chain/hashed-block.ts";
import type { HeaderNode } from "../../../chain/headers.ts";
import { announceTip } from "../../../chain/sync/announce.ts";
import { type Sync, syncOf } from "../../../chain/sync/peer.ts";
import { rememberBlocks } from "../../../chain/sync/take-tx.ts";
import { announceTx } from "../../../chain/sync/transactions.ts";
import type { Asked, BaseNode, BaseNodeInfo, BasePeer, DialFault, PackageVerdict } from "../../../ports/base-node.ts";
import type {
  BlockRef,
  BroadcastRefusal,
  ChainEvent,
  FeeCare,
  UnspentOutput,
  Watch,
} from "../../../ports/chain-source.ts";
import type { Log } from "../../../ports/log.ts";
import type { Address, Network } from "../../../ports/network.ts";
import type { Clock, Random } from "../../../ports/world.ts";
import {
  answersOf,
  brainInfo,
  isSynced,
  refOf,
  txidAtPlace,
  unspentAt,
  type WholeChain,
  wholeChain,
} from "../answers.ts";
import { type FeedPump, feedPump } from "../feed-pump.ts";
import { Dialler } from "./dialler.ts";
import { openFilterFiles } from "./filter-files.ts";
import { FilterKeeper } from "./filter-keeper.ts";
import { Links } from "./links.ts";
import { type NonceSearch, nonceSearch } from "./mining.ts";
import { type ChainFiles, type DiskOptions, openChainFiles } from "./storage.ts";
import { Verdicts } from "./verdicts.ts";

export interface BaseNodeOptions {
  /** Made if it is not there. */
  readonly folder: string;
  readonly params: ChainParams;
  /** Whether it keeps filters, in a folder within its own, and serves them to light clients. True unless told. */
  readonly filters?: boolean;
  readonly disk?: DiskOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly log: Log;
}

/** Opens the bundled Bitcoin node. Throws a readable error when the folder cannot be its own. */
export const openBaseNode = (options: BaseNodeOptions): EmbeddedNode => new EmbeddedNode(options);

const EXTRA_NONCE_BYTES = 8;
const FILTERS = "filters";
/** Policy, not protocol. */
const FAR_BEHIND_BLOCKS = 144;
const SETTLE_TOGETHER_MS = 5_000;

/** The bundled Bitcoin node: chain and mempool, its files, its peers and its miner. */
export class EmbeddedNode implements BaseNode {
  /** For checkers: nothing in it may be changed from outside. */
  readonly brain: NodeBrain;
  readonly files: ChainFiles;
  /** Everything up to the tip, also what is not on stable storage yet. */
  readonly whole: WholeChain;
  readonly header: BaseNode["header"];
  readonly block: BaseNode["block"];
  readonly blockAt: BaseNode["blockAt"];
  readonly transaction: BaseNode["transaction"];
  readonly utxoTotal: BaseNode["utxoTotal"];
  readonly branches: BaseNode["branches"];
  readonly difficulty: BaseNode["difficulty"];
  readonly mempool: BaseNode["mempool"];
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #filters: FilterKeeper | undefined;
  readonly #sync: Sync;
  readonly #links: Links;
  readonly #verdicts: Verdicts;
  readonly #dialler: Dialler;
  readonly #miner: NonceSearch;
  readonly #pump: FeedPump;
  /** The best block on stable storage: listeners never hear of a later one. */
  #horizon: HeaderNode;
  #settling: Promise<void> | undefined;
  #cancelSettle: (() => void) | undefined;
  #mining: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor({ folder, params, filters = true, disk = {}, clock, random, network, log }: BaseNodeOptions) {
    this.#clock = clock;
    this.#random = random;
    this.files = openChainFiles({ folder, params, ...disk });
    const settled = this.files.tip() ?? params.genesisHash;
    this.brain = nodeBrain(params, this.files);
    const { chain } = this.brain;
    this.whole = wholeChain(this.brain, () => chain.tip);
    const answers = answersOf(this.whole);
    this.header = answers.header;
    this.block = answers.block;
    this.blockAt = answers.blockAt;
    this.transaction = answers.transaction;
    this.utxoTotal = answers.utxoTotal;
    this.branches = answers.branches;
    this.difficulty = answers.difficulty;
    this.mempool = answers.mempool;
    this.#horizon = present(chain.index.tree.nodes.get(settled), "the stored tip is a known block");
    this.#filters = filters
      ? new FilterKeeper(chain, openFilterFiles(join(folder, FILTERS), params), clock)
      : undefined;
    this.#sync = syncOf(this.brain, this.#filters?.index);
    this.#links = new Links({
      sync: this.#sync,
      clock,
      random,
      log,
      onTipChanged: () => {
        this.#filters?.follow();
        this.#settleSoon();
      },
      disk: this.files,
      onTxTaken: () => this.#pump.poke(),
      onWaiting: (waiting) => this.#verdicts.verify(waiting),
    });
    this.#verdicts = new Verdicts({ sync: this.#sync, clock, perform: (effects) => this.#links.perform(effects) });
    this.#dialler = new Dialler({ links: this.#links, network, clock });
    this.#miner = nonceSearch(params.network);
    this.#pump = feedPump({
      brain: this.brain,
      horizon: () => this.#horizon,
      schedule: (task) => void clock.after(0, task),
    });
    this.#settleSoon();
  }

  tip(): BlockRef {
    return refOf(this.#horizon);
  }
  start(cursor: BlockRef | undefined, deliver: (events: readonly ChainEvent[]) => void): void {
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
  async broadcast(tx: Tx): Promise<Result<Txid, BroadcastRefusal>> {
    const taken = takeTx(this.brain, tx, this.#now());
    if (!taken.ok) {
      const { code, detail } = taken.error;
      return err({ code: "rejected", reason: detail === undefined ? code : `${code} (${detail})` });
    }
    this.#pump.poke();
    this.#links.perform(announceTx(this.#sync, taken.value.txid));
    return ok(taken.value.txid);
  }
  async submitPackage(txs: readonly Tx[]): Asked<PackageVerdict> {
    const verdict = takePackage(this.brain, txs, this.#now());
    const taken = verdict.txs.filter(({ tag }) => tag === "Taken");
    if (taken.length > 0) this.#pump.poke();
    this.#links.perform(taken.flatMap(({ txid }) => announceTx(this.#sync, txid)));
    return ok(verdict);
  }
  async testAccept(txs: readonly Tx[]): Asked<PackageVerdict> {
    return ok(tryTx(this.brain, txs, this.#now()));
  }
  feerate(blocks: number, care: FeeCare = "economical"): SatPerKw | undefined {
    return feerateFor(this.brain, { blocks, care, now: this.#now() });
  }

  async info(): Asked<BaseNodeInfo> {
    return ok({ ...brainInfo(this.brain), peers: this.#links.peers().length, address: this.#dialler.address });
  }
  synced(): boolean {
    return isSynced(this.brain.chain);
  }
  async peers(): Asked<readonly BasePeer[]> {
    return ok(this.#links.peers());
  }
  connect(address: Address): Promise<Result<void, DialFault>> {
    return this.#dialler.connect(address);
  }
  /** Accepts peers. Resolves with the address in use; rejects with the system's error. */
  listen(address: Address): Promise<Address> {
    return this.#dialler.listen(address);
  }

  /** A block from elsewhere than a peer. It is taken in, and told to everyone if it makes a better chain. */
  submit(block: Block): Result<BlockHash, BlockRefusal> {
    const hashed = hashBlock(block);
    const taken = takeBlockAtOnce(this.brain, hashed, this.#now());
    if (!taken.ok) return taken;
    const own = taken.value.rejected.find(({ hash }) => hash === hashed.hash);
    rememberBlocks(this.#sync, taken.value);
    if (taken.value.connected.length > 0) {
      this.#links.perform([{ tag: "TipChanged" }, ...announceTip(this.#sync)]);
    }
    return own === undefined ? ok(hashed.hash) : err(own.fault);
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
    await this.#settle();
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
    this.#cancelSettle?.();
    this.#links.close();
    await this.#dialler.stop();
    await this.#miner.close();
    await this.#verdicts.stop();
    await this.#mining;
    await this.#settling;
    await this.#filters?.stop();
    await this.files.close();
  }

  /** Blocks that come one after the other, far below the best header, are settled together: most of their coins are soon spent. */
  #settleSoon(): void {
    if (!this.#isFarBehind()) void this.#settle();
    else this.#cancelSettle ??= this.#clock.after(SETTLE_TOGETHER_MS, () => void this.#settle());
  }
  #isFarBehind(): boolean {
    const { index, tip } = this.brain.chain;
    return index.bestHeader.height - tip.height > FAR_BEHIND_BLOCKS;
  }
  /** Moves the horizon up to the tip once that is on stable storage. */
  #settle(): Promise<void> {
    this.#cancelSettle?.();
    this.#cancelSettle = undefined;
    this.#settling ??= this.#settleAll().finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }
  async #settleAll(): Promise<void> {
    const { chain } = this.brain;
    while (this.#horizon !== chain.tip) {
      const { tip } = chain;
      await this.files.settled();
      this.#horizon = tip;
      this.#pump.poke();
      if (this.#isFarBehind()) {
        if (this.#horizon !== chain.tip) this.#settleSoon();
        return;
      }
    }
  }
  /** Seconds since 1970-01-01 UTC. */
  #now(): number {
    return Math.floor(this.#clock.now() / 1000);
  }
}
