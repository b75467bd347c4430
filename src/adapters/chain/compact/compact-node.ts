import type { BlockHash, Outpoint, Txid } from "../../../base/ids.ts";
import { err, ok, present, type Result } from "../../../base/result.ts";
import { type BlockHeight, blockHeight, type SatPerKw } from "../../../base/units.ts";
import type { Block } from "../../../bitcoin/block.ts";
import type { ChainParams } from "../../../bitcoin/params.ts";
import { isCoinbase, type Tx, txidOf } from "../../../bitcoin/tx.ts";
import type { HashedBlock } from "../../../chain/hashed-block.ts";
import { ancestorAt, forkOf, type HeaderNode, isAncestor } from "../../../chain/headers.ts";
import { isLie, type Light, openLight, spenderAmong, tipOf } from "../../../chain/light/light.ts";
import { goOn } from "../../../chain/light/receive.ts";
import { publish } from "../../../chain/light/relay.ts";
import { horizonOf, noteScripts, readFor } from "../../../chain/light/scan.ts";
import { staleSince } from "../../../chain/sync/late-tip.ts";
import { lightProgress, type SyncProgress } from "../../../chain/sync/progress.ts";
import type { Asked, BaseNode, BaseNodeInfo, BasePeer, DialFault, FoundTx } from "../../../ports/base-node.ts";
import type { BlockRef, BroadcastRefusal, ChainEvent, UnspentOutput, Watch } from "../../../ports/chain-source.ts";
import type { Address } from "../../../ports/network.ts";
import type { Clock } from "../../../ports/world.ts";
import { answersOf, refOf, wholeChain } from "../answers.ts";
import { openAddresses } from "../embedded/address-file.ts";
import type { BaseNodeOptions } from "../embedded/base-node.ts";
import { Links } from "../embedded/links.ts";
import { Neighbours } from "../embedded/neighbours.ts";
import { type FeedPump, feedPump } from "../feed-pump.ts";
import { Signal } from "../signal.ts";
import { Fetches } from "./fetches.ts";
import { type LightFiles, openLightFiles } from "./files.ts";
import { lightMachine } from "./machine.ts";
import { findKnown, floorOf, NO_COINS, NO_MEMPOOL, NO_MINING, NO_PEER, NOT_INDEXED, Places } from "./questions.ts";

export interface CompactNodeOptions
  extends Pick<BaseNodeOptions, "folder" | "params" | "clock" | "random" | "network" | "names" | "log"> {
  /** What is paid where nothing is known of fees. */
  readonly fallbackFeerate: SatPerKw;
}

/** Opens the light client. Throws a readable error when the folder cannot be its own. */
export const openCompactNode = (options: CompactNodeOptions): CompactNode => new CompactNode(options);

/**
 * A light client: headers and filter headers on disk, filters and the few blocks that matter from its peers. It follows
 * one listener, and answers what it can.
 */
export class CompactNode implements BaseNode {
  /** For checkers: nothing in it may be changed from outside. */
  readonly light: Light;
  readonly header: BaseNode["header"];
  readonly branches: BaseNode["branches"];
  readonly difficulty: BaseNode["difficulty"];
  readonly #files: LightFiles;
  readonly #clock: Clock;
  readonly #params: ChainParams;
  readonly #fallback: SatPerKw;
  readonly #links: Links;
  readonly #neighbours: Neighbours;
  readonly #progressed = new Signal();
  readonly onProgress = this.#progressed.add;
  readonly #pumps = new Set<FeedPump>();
  readonly #pump: FeedPump;
  readonly #fetches: Fetches;
  readonly #places = new Places();
  /** As far as filter headers are on stable storage. */
  #durable: HeaderNode;
  #settling: Promise<void> | undefined;
  #asking: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(options: CompactNodeOptions) {
    const { folder, params, fallbackFeerate, clock, random, log } = options;
    this.#clock = clock;
    this.#params = params;
    this.#fallback = fallbackFeerate;
    this.#files = openLightFiles(folder, params);
    const file = openAddresses(folder, options);
    this.light = openLight(params, this.#files, file.book);
    const { light } = this;
    const { header, branches, difficulty } = answersOf(wholeChain(light.sync.brain, () => this.#horizon()));
    this.header = header;
    this.branches = branches;
    this.difficulty = difficulty;
    this.#durable = light.filterTip;
    this.#links = new Links({
      machine: lightMachine(light, (effects) => this.#looked(effects)),
      magic: params.magic,
      ...{ clock, random, log },
      disk: this.#files,
      onTipChanged: () => void this.#settle(),
      onTxTaken: () => this.#poke(),
      // No block is ever connected, so no scripts wait to be verified.
      onWaiting: () => undefined,
    });
    this.#neighbours = new Neighbours({ ...options, sync: light.sync, links: this.#links, file, isFinal: isLie });
    this.#fetches = new Fetches(light, clock, () => this.#goOn());
    this.#pump = this.#newPump();
  }

  tip(): BlockRef {
    return refOf(this.#horizon());
  }
  start(cursor: BlockRef | undefined, deliver: (events: readonly ChainEvent[]) => void): void {
    this.#pump.start(cursor, deliver);
  }
  watch(watches: readonly Watch[]): void {
    noteScripts(this.light, watches);
    this.#pump.watch(watches);
    for (const watch of watches) if (watch.tag === "Outpoint" && watch.script.length === 0) void this.#learn(watch);
  }
  /** Known of outputs whose transaction was found at its place before; rejects where that cannot be found out. */
  unspent(outpoint: Outpoint): Promise<UnspentOutput | undefined> {
    // One after the other: each goes through all filters from the output on.
    const asked = this.#asking.then(() => this.#unspent(outpoint));
    this.#asking = asked.catch(() => undefined);
    return asked;
  }
  async #unspent(outpoint: Outpoint): Promise<UnspentOutput | undefined> {
    const placed = this.#places.get(outpoint.txid);
    if (placed === undefined) throw new Error("it is a light client, and was not told in which block the output is");
    const output = placed.tx.outputs[outpoint.vout];
    if (output === undefined || !isAncestor(placed.node, tipOf(this.light))) return undefined;
    const { node, tx } = placed;
    const { amount, script } = output;
    if (await this.#isSpent({ tag: "Outpoint", outpoint, script, from: node.height }, node)) return undefined;
    return { amount, script, block: refOf(node), coinbase: isCoinbase(tx) };
  }
  async txidAt(height: BlockHeight, index: number): Promise<Txid | undefined> {
    const node = ancestorAt(this.#horizon(), height);
    if (node === undefined) return undefined;
    return this.#places.note(await this.#fetches.block(node), node, index);
  }
  /** To every peer, now and again until it is in a block. That one of them refuses it cannot be known. */
  async broadcast(tx: Tx): Promise<Result<Txid, BroadcastRefusal>> {
    this.#links.perform(publish(this.light, tx, this.#clock.now()));
    return ok(txidOf(tx));
  }
  feerate(_blocks: number): SatPerKw | undefined {
    return floorOf(this.light, this.#fallback);
  }

  async info(): Asked<BaseNodeInfo> {
    const tip = this.#horizon();
    return ok({
      source: "compact",
      network: this.#params.network,
      tip: refOf(tip),
      time: tip.header.time,
      headers: tipOf(this.light).height,
      synced: this.synced(),
      mempool: { transactions: 0, bytes: 0 },
      utxos: undefined,
      peers: this.#links.peers().length,
      address: undefined,
      filters: {
        headers: this.light.filterTip.height,
        scanned: blockHeight(Math.min(...[...this.light.sync.brain.feeds].map(({ told }) => told.height), tip.height)),
      },
    });
  }
  synced(): boolean {
    const tip = tipOf(this.light);
    return tip.work >= this.#params.minimumWork && this.#horizon() === tip;
  }
  readonly progress = (): SyncProgress | undefined =>
    lightProgress(this.light.sync, this.#horizon(), this.#clock.now());
  readonly staleSince = (): number | undefined => staleSince(this.light.sync.late);
  async mine(): Asked<never> {
    return err(NO_MINING);
  }
  async block(hash: BlockHash): Asked<Block | undefined> {
    const node = this.light.sync.brain.chain.index.tree.nodes.get(hash);
    return node === undefined ? ok(undefined) : this.#askBlock(node);
  }
  async blockAt(height: BlockHeight): Asked<Block | undefined> {
    const node = ancestorAt(this.#horizon(), height);
    return node === undefined ? ok(undefined) : this.#askBlock(node);
  }
  #askBlock(node: HeaderNode): Asked<Block | undefined> {
    return this.#fetches.block(node).then(
      ({ block }: HashedBlock) => ok(block),
      () => err(NO_PEER),
    );
  }
  async transaction(txid: Txid): Asked<FoundTx | undefined> {
    const found = findKnown(this.light, this.#places, txid);
    return found === undefined ? err(NOT_INDEXED) : ok(found);
  }
  async utxoTotal(): Asked<never> {
    return err(NO_COINS);
  }
  async submitPackage(): Asked<never> {
    return err(NO_MEMPOOL);
  }
  async testAccept(): Asked<never> {
    return err(NO_MEMPOOL);
  }
  async mempool(): Asked<never> {
    return err(NO_MEMPOOL);
  }
  async peers(): Asked<readonly BasePeer[]> {
    return ok(this.#links.peers());
  }
  connect(address: Address): Promise<Result<void, DialFault>> {
    return this.#neighbours.connect(address);
  }
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const pump of this.#pumps) pump.stop();
    this.#fetches.stop();
    await this.#neighbours.stop();
    await this.#settling;
    await this.#files.close();
  }

  /** The best block whose filter header is agreed on and on stable storage. */
  #horizon(): HeaderNode {
    return forkOf(this.#durable, this.light.filterTip);
  }
  #newPump(): FeedPump {
    const { light } = this;
    const pump = feedPump({
      brain: light.sync.brain,
      horizon: (feed) => horizonOf(light, feed, this.#horizon()),
      schedule: (task) => void this.#clock.after(0, task),
      read: (feed, node) => readFor(light, feed, node),
      moved: () => this.#goOn(),
      spender: (outpoint) => spenderAmong(light, outpoint),
    });
    this.#pumps.add(pump);
    return pump;
  }
  /** Follows one outpoint from its own block to the tip, as a listener of its own. */
  async #isSpent(watch: Watch, node: HeaderNode): Promise<boolean> {
    const pump = this.#newPump();
    noteScripts(this.light, [watch]);
    const before = present(node.previous, "no coin of genesis can be spent");
    try {
      return await this.#fetches.within((resolve) => {
        let isSpent = false;
        pump.watch([watch]);
        pump.start(refOf(before), (events) => {
          for (const event of events) {
            if (event.tag === "OutpointSpent") isSpent = true;
            if (event.tag === "BlockDisconnected") isSpent = false;
            if (event.tag === "BlockConnected" && event.block.hash === this.#horizon().hash) resolve(isSpent);
          }
        });
      });
    } finally {
      pump.stop();
      this.#pumps.delete(pump);
    }
  }
  /** The script of an outpoint that is watched without one: it is in the block with which the watch begins. */
  async #learn({ outpoint, from }: Extract<Watch, { tag: "Outpoint" }>): Promise<void> {
    const node = ancestorAt(tipOf(this.light), from);
    const found = node && (await this.#fetches.block(node).catch(() => undefined));
    const index = found?.txids.indexOf(outpoint.txid) ?? -1;
    const output = found?.block.txs[index]?.outputs[outpoint.vout];
    if (output === undefined || this.#stopped) return;
    noteScripts(this.light, [{ tag: "Outpoint", outpoint, script: output.script, from }]);
    this.#pump.again(outpoint);
    this.#goOn();
  }

  /** What was learnt may be what somebody waits for. */
  #looked<T>(effects: T): T {
    this.#fetches.look();
    this.#poke();
    return effects;
  }
  #poke(): void {
    for (const pump of this.#pumps) pump.poke();
    this.#progressed.tell();
  }
  #goOn(): void {
    if (!this.#stopped) this.#links.perform(this.#looked(goOn(this.light, this.#clock.now())));
  }
  #settle(): Promise<void> {
    this.#settling ??= this.#settleAll().finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }
  async #settleAll(): Promise<void> {
    while (this.#durable !== this.light.filterTip) {
      const { filterTip } = this.light;
      await this.#files.settled();
      this.#durable = filterTip;
      this.#poke();
    }
  }
}
