import { z } from "zod";
import { toHex } from "../../../base/bytes.ts";
import type { BlockHash, Outpoint, Txid } from "../../../base/ids.ts";
import { err, ok, type Result } from "../../../base/result.ts";
import { type BlockHeight, blockHeight, type SatPerKw } from "../../../base/units.ts";
import { addressOf } from "../../../bitcoin/address.ts";
import { type Block, decodeHeader } from "../../../bitcoin/block.ts";
import type { ChainParams } from "../../../bitcoin/params.ts";
import { decodeTx, encodeTx, type Tx, txidOf } from "../../../bitcoin/tx.ts";
import { lateTip, NO_LATE_TIP, staleSince } from "../../../chain/sync/late-tip.ts";
import type { LateTip } from "../../../chain/sync/peer.ts";
import { progressBetween } from "../../../chain/sync/progress.ts";
import type {
  Asked,
  BaseNode,
  BaseNodeInfo,
  BasePeer,
  ChainFault,
  DialFault,
  FoundTx,
  MempoolTx,
  PackageVerdict,
  PlacedHeader,
  SyncProgress,
  UtxoTotal,
} from "../../../ports/base-node.ts";
import type { BlockRef, BroadcastRefusal, ChainEvent, UnspentOutput, Watch } from "../../../ports/chain-source.ts";
import type { Log } from "../../../ports/log.ts";
import type { Address } from "../../../ports/network.ts";
import type { Clock } from "../../../ports/world.ts";
import { Refused } from "../../sentences.ts";
import { Signal } from "../signal.ts";
import * as answers from "./answers.ts";
import { Core, faultOf, NoAnswer, sure } from "./core.ts";
import { Estimates } from "./estimates.ts";
import { Follower } from "./follower.ts";
import { Looks } from "./looks.ts";
import { acceptedVerdict, packagedVerdict, unjudgedOr } from "./packages.ts";
import { RpcClient, type RpcPlace } from "./rpc-client.ts";
import { TipWait } from "./tip-wait.ts";

export interface BitcoindOptions extends RpcPlace {
  readonly params: ChainParams;
  readonly clock: Clock;
  readonly log: Log;
  /** Of one answer. */
  readonly timeoutMs?: number;
}
/** How long after a look at the node comes the next one: where it tells of blocks itself, for the mempool alone. Policy, not protocol. */
const POLL_MS = 1_000;
const MEMPOOL_POLL_MS = 5_000;
const CHAIN_NAMES: Readonly<Record<string, string>> = { mainnet: "main", testnet3: "test" };
const ALREADY_IN_CHAIN = -27;
const VERIFY_FAULTS = [-25, -26];
const NOT_OFFERED = (what: string) =>
  err({ code: "not_offered", detail: `${what} is for the Bitcoin node itself to tell.` } as const);

/** Begins to follow a Bitcoin Core. Rejects with a sentence when it is silent or on another network. */
export async function openBitcoind(options: BitcoindOptions): Promise<BitcoindNode> {
  const client = new RpcClient(options);
  const core = new Core(client);
  const place = `The Bitcoin node at ${options.host}:${options.port}`;
  const info = await core.ask(answers.chainInfo, "getblockchaininfo");
  if (!info.ok) throw new Refused(`${place} does not help: ${faultOf(info.error).detail}`);
  const { network, genesisHash } = options.params;
  const genesis = await core.ask(answers.hash, "getblockhash", 0);
  if (info.value.chain !== (CHAIN_NAMES[network] ?? network) || (genesis.ok && genesis.value !== genesisHash)) {
    throw new Refused(`${place} is on the network ${info.value.chain}, and this node on ${network}.`);
  }
  if (info.value.pruned)
    options.log.warn("bitcoind.pruned", { hint: "blocks that it no longer keeps cannot be looked at" });
  const { initialblockdownload, blocks, headers } = info.value;
  if (initialblockdownload) options.log.warn("bitcoind.downloading", { blocks, headers });
  return new BitcoindNode(options, client, core, info.value);
}

/** Somebody else's Bitcoin node, asked over JSON-RPC. */
export class BitcoindNode implements BaseNode {
  readonly #options: BitcoindOptions;
  readonly #client: RpcClient;
  readonly #core: Core;
  readonly #follower: Follower;
  readonly #estimates: Estimates;
  #tip: BlockRef;
  #synced: boolean;
  #headers: BlockHeight;
  #late: LateTip<BlockHash> = NO_LATE_TIP;
  readonly #progressed = new Signal();
  readonly onProgress = this.#progressed.add;
  readonly #looks: Looks;
  readonly #wait: TipWait;
  #stopped = false;

  constructor(options: BitcoindOptions, client: RpcClient, core: Core, info: z.output<typeof answers.chainInfo>) {
    this.#options = options;
    this.#client = client;
    this.#core = core;
    this.#follower = new Follower(core, options.params, info.pruneheight);
    this.#estimates = new Estimates(core, options.clock);
    this.#tip = { height: info.blocks, hash: info.bestblockhash };
    this.#synced = answers.isSynced(info);
    this.#headers = info.headers;
    const look = (): Promise<void> => this.#lookOnce();
    this.#looks = new Looks(options.clock, look, () => (this.#wait.isHeard() ? MEMPOOL_POLL_MS : POLL_MS));
    this.#wait = new TipWait({ ...options, seen: () => this.#tip.hash, changed: () => this.#looks.now() });
    this.#looks.soon();
  }
  tip(): BlockRef {
    return this.#tip;
  }
  synced(): boolean {
    return this.#synced;
  }
  readonly progress = (): SyncProgress | undefined => progressBetween(this.#tip.height, this.#headers);
  readonly staleSince = (): number | undefined => staleSince(this.#late);
  start(cursor: BlockRef | undefined, deliver: (events: readonly ChainEvent[]) => void): void {
    this.#follower.start(cursor, deliver);
    this.#looks.soon();
  }
  watch(watches: readonly Watch[]): void {
    this.#follower.watch(watches);
    this.#looks.soon();
  }
  /** One look at the node: resolves when everything that it shows now was told, or it did not answer. */
  look(): Promise<void> {
    return this.#looks.now();
  }
  async #lookOnce(): Promise<void> {
    try {
      const info = await this.#core.ask(answers.chainInfo, "getblockchaininfo");
      if (!info.ok) throw new NoAnswer(faultOf(info.error).detail);
      this.#tip = { height: info.value.blocks, hash: info.value.bestblockhash };
      this.#synced = answers.isSynced(info.value);
      this.#follower.keptFrom = info.value.pruneheight ?? 0;
      this.#headers = info.value.headers;
      this.#standsAt(info.value.bestblockhash);
      await this.#follower.catchUp((block) => this.#toTell(block));
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      if (this.#stopped) return;
      this.#synced = false;
      // Who says nothing brings no blocks either.
      this.#standsAt(this.#tip.hash);
      this.#options.log.warn("bitcoind.silent", { detail: error.message });
    }
  }
  #toTell(block: BlockRef): void {
    if (block.height < this.#tip.height || block.hash === this.#tip.hash) return;
    this.#tip = block;
    this.#standsAt(block.hash);
  }
  #standsAt(tip: BlockHash): void {
    const { params, clock } = this.#options;
    this.#late = lateTip(this.#late, tip, params, clock.now());
    this.#progressed.tell();
  }

  async unspent({ txid, vout }: Outpoint): Promise<UnspentOutput | undefined> {
    const found = await sure(this.#core.find(answers.txOut, "gettxout", txid, vout, false));
    if (found === undefined || found === null) return undefined;
    const best = await sure(this.#core.find(answers.header, "getblockheader", found.bestblock, true));
    if (best === undefined) return undefined;
    const height = blockHeight(best.height - found.confirmations + 1);
    const hash = await sure(this.#core.find(answers.hash, "getblockhash", height));
    if (hash === undefined) return undefined;
    const { value: amount, scriptPubKey, coinbase } = found;
    return { amount, script: scriptPubKey.hex, block: { height, hash }, coinbase };
  }
  async txidAt(height: BlockHeight, index: number): Promise<Txid | undefined> {
    const hash = await sure(this.#core.find(answers.hash, "getblockhash", height));
    const block = hash && (await sure(this.#core.find(answers.blockTxids, "getblock", hash, 1)));
    return block?.tx[index];
  }
  async broadcast(tx: Tx): Promise<Result<Txid, BroadcastRefusal>> {
    const sent = await this.#core.ask(answers.txid, "sendrawtransaction", toHex(encodeTx(tx)), 0);
    const txid = txidOf(tx);
    if (sent.ok) {
      this.#follower.noteWaiting(txid, tx);
      this.#looks.soon();
      return ok(txid);
    }
    const { error } = sent;
    if (error.tag === "Silent") throw new NoAnswer(faultOf(error).detail);
    if (error.code === ALREADY_IN_CHAIN || /already[- ](in|known)/i.test(error.message)) return ok(txid);
    if (!VERIFY_FAULTS.includes(error.code)) throw new NoAnswer(faultOf(error).detail);
    return err({ code: "rejected", reason: error.message });
  }
  feerate(blocks: number): SatPerKw | undefined {
    return this.#estimates.feerate(blocks);
  }

  async info(): Asked<BaseNodeInfo> {
    const info = await this.#core.ask(answers.chainInfo, "getblockchaininfo");
    if (!info.ok) return err(faultOf(info.error));
    const pool = await this.#core.ask(answers.mempoolInfo, "getmempoolinfo");
    if (!pool.ok) return err(faultOf(pool.error));
    const peers = await this.#core.ask(z.int(), "getconnectioncount");
    if (!peers.ok) return err(faultOf(peers.error));
    const { blocks, bestblockhash, headers, time, mediantime } = info.value;
    return ok({
      source: "bitcoind",
      network: this.#options.params.network,
      tip: { height: blocks, hash: bestblockhash },
      time: time ?? mediantime,
      headers,
      synced: answers.isSynced(info.value),
      mempool: { transactions: pool.value.size, bytes: pool.value.bytes },
      utxos: undefined,
      filters: undefined,
      peers: peers.value,
      address: undefined,
    });
  }
  async header(hash: BlockHash): Asked<PlacedHeader | undefined> {
    const raw = await this.#core.find(answers.hex, "getblockheader", hash, false);
    const placed = await this.#core.find(answers.header, "getblockheader", hash, true);
    if (!raw.ok || !placed.ok) return (raw.ok ? placed : raw) as Result<never, ChainFault>;
    const header = raw.value && decodeHeader(raw.value);
    if (placed.value === undefined || !header?.ok) return ok(undefined);
    const { height, chainwork, confirmations } = placed.value;
    return ok({
      header: header.value,
      height,
      work: BigInt(`0x${chainwork}`),
      confirmations: Math.max(confirmations, 0),
    });
  }
  block(hash: BlockHash): Asked<Block | undefined> {
    return this.#core.block(z.string(), hash);
  }
  async blockAt(height: BlockHeight): Asked<Block | undefined> {
    const hash = await this.#core.find(answers.hash, "getblockhash", height);
    return hash.ok && hash.value !== undefined ? this.block(hash.value) : (hash as Result<undefined, ChainFault>);
  }
  async transaction(txid: Txid): Asked<FoundTx | undefined> {
    const found = await this.#core.find(answers.rawTx, "getrawtransaction", txid, 1);
    if (!found.ok || found.value === undefined) return found as Result<undefined, ChainFault>;
    const { hex, blockhash } = found.value;
    const decoded = decodeTx(hex);
    if (!decoded.ok || txidOf(decoded.value) !== txid) return ok(undefined);
    if (blockhash === undefined) return ok({ tx: decoded.value, confirmed: undefined });
    const placed = await this.#core.find(answers.header, "getblockheader", blockhash, true);
    const block = await this.#core.find(answers.blockTxids, "getblock", blockhash, 1);
    if (!placed.ok || !block.ok) return (placed.ok ? block : placed) as Result<never, ChainFault>;
    if (placed.value === undefined || block.value === undefined) return ok(undefined);
    const place = { block: { height: placed.value.height, hash: blockhash }, index: block.value.tx.indexOf(txid) };
    return ok({ tx: decoded.value, confirmed: place });
  }
  async utxoTotal(): Asked<UtxoTotal> {
    const found = await this.#core.ask(answers.outSet, "gettxoutsetinfo", "none");
    return found.ok ? ok({ count: found.value.txouts, total: found.value.total_amount }) : err(faultOf(found.error));
  }
  async branches(): ReturnType<BaseNode["branches"]> {
    return NOT_OFFERED("What stands beside the best chain");
  }
  async difficulty(): ReturnType<BaseNode["difficulty"]> {
    return NOT_OFFERED("How difficulty went");
  }
  async mempool(): Asked<readonly MempoolTx[]> {
    const found = await this.#core.ask(answers.mempool, "getrawmempool", true);
    if (!found.ok) return err(faultOf(found.error));
    const entries = Object.entries(found.value).sort(([, a], [, b]) => a.ancestorcount - b.ancestorcount);
    return ok(entries.map(([txid, { vsize, fees }]) => ({ txid: txid as Txid, fee: fees.base, vsize })));
  }
  async submitPackage(txs: readonly Tx[]): Asked<PackageVerdict> {
    const found = await this.#core.ask(answers.packaged, "submitpackage", txs.map(hexOf));
    if (!found.ok) return unjudgedOr(found.error, txs);
    this.#looks.soon();
    return ok(packagedVerdict(txs, found.value));
  }
  async testAccept(txs: readonly Tx[]): Asked<PackageVerdict> {
    const found = await this.#core.ask(answers.accepted, "testmempoolaccept", txs.map(hexOf), 0);
    return found.ok ? ok(acceptedVerdict(txs, found.value)) : unjudgedOr(found.error, txs);
  }
  async peers(): Asked<readonly BasePeer[]> {
    const found = await this.#core.ask(answers.peers, "getpeerinfo");
    return found.ok ? ok(found.value.map(answers.basePeer)) : err(faultOf(found.error));
  }
  async mine(count: number, script: Uint8Array): Asked<readonly BlockHash[]> {
    const address = addressOf(script, this.#options.params);
    if (address === undefined) return NOT_OFFERED("Mining to a script without an address");
    const mined = await this.#core.ask(answers.hashes, "generatetoaddress", count, address);
    this.#looks.soon();
    return mined.ok ? mined : err(faultOf(mined.error));
  }
  async connect({ host, port }: Address): Promise<Result<void, DialFault>> {
    return err({
      code: "not_offered",
      reason: `the Bitcoin node chooses its peers itself, not ${host}:${port} for us`,
    });
  }
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#follower.stop();
    this.#wait.stop();
    this.#client.close();
    await this.#looks.stop();
  }
}
const hexOf = (tx: Tx): string => toHex(encodeTx(tx));
