import { closingsOf } from "../../channels/close/complete.ts";
import { localTerms } from "../../channels/commitments.ts";
import {
  type ChannelKeys,
  channelKeys,
  channelSecrets,
  type DurableState,
  type FailureCause,
  type FundedState,
  fundingOutpoints,
  type OfferedHtlc,
} from "../../channels/index.ts";
import { commitmentNumberOf } from "../../channels/tx/commitment-number.ts";
import { equalBytes } from "../base/bytes.ts";
import type { ChannelId, NodeId, Outpoint, Txid } from "../base/ids.ts";
import { assert } from "../base/result.ts";
import { type Tx, txidOf } from "../bitcoin/tx.ts";
import type { Keychain } from "../daemon/keychain.ts";
import { KEY } from "../daemon/records.ts";
import { loadWallet } from "../daemon/wallet/records.ts";
import type { Store, StoreRecord } from "../ports/store.ts";
import { decodeMessage, type WireMessage } from "../wire/registry.ts";
import { auditChannel, type Fault } from "./books.ts";
import { signsAttempt } from "./dual-laws.ts";
import { Ends } from "./ends.ts";
import { broken, type Leaving } from "./laws.ts";
import { copyOf, type Entry, emptyLedger, enter, type Ledger, type LedgerEvent, readRecord } from "./ledger.ts";
import { auditPublishable, ownTxid } from "./publishable.ts";
import { SignedOnce } from "./signed-once.ts";
import { signsForgotten } from "./splice-laws.ts";
import { publishableFundings, type Splices, SplicesSeen } from "./splices.ts";
import type { Rule } from "./violation.ts";

export interface RecorderOptions {
  readonly keychain: Keychain;
  readonly report: (rule: Rule, detail: string) => void;
  /** Whether the world has planned that the channel fails like this. */
  readonly mayFail: (id: ChannelId, cause: FailureCause) => boolean;
  /** Whether the chain has ended an HTLC that was offered, in a channel that was spliced like this. */
  readonly isGone: (state: FundedState, htlc: OfferedHtlc, splices: Splices) => boolean;
  /** Every message that leaves and every write, for counters and the trace. */
  readonly sent: (peer: NodeId, message: WireMessage, bytes: Uint8Array) => void;
  readonly wrote: (records: readonly StoreRecord[]) => void;
  /** Every event of the node's own list, once it is durable. */
  readonly told: (event: LedgerEvent) => void;
}
interface Group {
  readonly records: readonly StoreRecord[];
  readonly entries: readonly Entry[];
}

/**
 * Stands between one node and its disk, over all its lives, and listens to what it says: it knows at any moment what is
 * durable, and holds every message and every write against the laws.
 */
export class Recorder {
  /** What a power cut now would leave. */
  durable: Ledger = emptyLedger();
  /** Also what is on its way to the disk. */
  written: Ledger = emptyLedger();
  readonly ends: Ends;
  /** The last durable state of every channel that ever had money in it, also of those that are forgotten. */
  readonly last = new Map<ChannelId, FundedState>();
  readonly splices = new SplicesSeen();
  /** A durable state for each of its own commitments, by channel and number. */
  readonly past = new Map<ChannelId, Map<bigint, FundedState>>();
  readonly #options: RecorderOptions;
  readonly #raw = new Map<string, Uint8Array>();
  readonly #pending: Group[] = [];
  /** Counts crashes: what an earlier life hears of its disk means nothing any more. */
  #life = 0;
  readonly #keys = new Map<number, ChannelKeys>();
  #kept = 0;
  /** Commitments, and what followed from them, of channels that have failed. */
  readonly #endings = new Set<Txid>();
  /** By channel: what the message before would have broken if the splice that it signs for is not given up by the very next. */
  readonly #doubts = new Map<ChannelId, Fault>();
  /** By channel: the newest of our commitments whose secret has left. */
  readonly #revealed = new Map<ChannelId, bigint>();
  readonly #signed = new SignedOnce();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.ends = new Ends(options.report);
  }

  /** Hex of every script that the wallet on the disk has ever handed out. */
  walletScripts(): ReadonlySet<string> {
    const entries = [...this.#raw]
      .filter(([key]) => key.startsWith(KEY.wallet))
      .map(([key, value]) => ({ key, value }));
    return new Set(loadWallet(entries, undefined).addresses.keys());
  }

  /** A record as it is durable. */
  record(key: string): Uint8Array | undefined {
    return this.#raw.get(key);
  }
  /** Groups that were appended and are not yet durable. */
  get pending(): number {
    return this.#pending.length;
  }

  /** The store of one life, written down. What it holds at its opening must be what is known to be durable. */
  store(inner: Store): Store {
    this.#compare(inner);
    const life = this.#life;
    return {
      append: (records) => {
        const group = this.#read(records);
        this.#options.wrote(records);
        this.#pending.push(group);
        return inner.append(records).then(() => {
          if (life !== this.#life) return;
          assert(this.#pending.shift() === group, "groups become durable in the order of the calls");
          this.#keep(group);
        });
      },
      get: (key) => inner.get(key),
      range: (prefix, options) => inner.range(prefix, options),
      close: () => inner.close(),
    };
  }

  /** Power off: of the pending groups the first `keep` reached the disk. */
  crashed(keep: number): void {
    for (const group of this.#pending.slice(0, keep)) this.#keep(group);
    this.#pending.length = 0;
    this.#doubts.clear();
    this.#life++;
    this.written = copyOf(this.durable);
  }

  /** A message leaves, type in front. */
  leaves(peer: NodeId, bytes: Uint8Array): void {
    const decoded = decodeMessage(bytes);
    assert(decoded.ok && decoded.value.name !== "unknown", "a node reads what it writes");
    const message = decoded.value as WireMessage;
    const { durable } = this;
    const isGone: Leaving["isGone"] = (state, htlc) =>
      this.#options.isGone(state, htlc, this.splices.of(state.params.channelId));
    const fault = broken({ peer, durable, keys: (index) => this.#keysOf(index), isGone }, message);
    const before = "channel_id" in message ? this.#doubts.get(message.channel_id) : undefined;
    if (before !== undefined && "channel_id" in message) {
      this.#doubts.delete(message.channel_id);
      if (message.name !== "tx_abort") this.#options.report(before.rule, `commitment_signed: ${before.detail}`);
    }
    const isDoubtful = message.name === "commitment_signed" && signsForgotten({ durable }, message);
    if (fault !== undefined && isDoubtful) this.#doubts.set(message.channel_id, fault);
    else if (fault !== undefined) this.#options.report(fault.rule, `${message.name}: ${fault.detail}`);
    if (message.name === "commitment_signed" && !isDoubtful && !signsAttempt({ durable }, message)) {
      const twice = this.#signed.judge(durable, message);
      if (twice !== undefined) this.#options.report(twice.rule, twice.detail);
    }
    if (message.name === "revoke_and_ack") this.#reveals(message.channel_id);
    this.#options.sent(peer, message, bytes);
  }

  /**
   * A transaction is given to the chain: the funding of a channel that is on disk, a closing that both agreed on, the
   * newest commitment of a channel that has failed, or what claims an output of one.
   */
  broadcasts(tx: Tx): void {
    const txid = txidOf(tx);
    for (const { prevout } of tx.inputs) {
      const state = this.#fundedBy(prevout);
      if (state === undefined) continue;
      // A splice, which is on disk before it leaves, only moves the channel.
      if (fundingOutpoints(state).some((funding) => funding.txid === txid)) continue;
      if (this.#isRevoked(state, tx)) this.#options.report("revoked_state", `${txid} is a commitment that is revoked`);
      if (this.#mayEndWith(state, txid)) continue;
      this.#options.report("revoked_state", `transaction ${txid} spends the funding of a channel that is ${state.tag}`);
    }
    if (this.#spendsAnEnd(tx)) return;
    const fundings = tx.outputs.flatMap(({ script }, vout) =>
      isP2wsh(script) ? [this.#fundedBy({ txid, vout })] : [],
    );
    // Who has opened one of them may fund others by it, of which we know nothing.
    const isTheirs = fundings.some((state) => state?.params.opener === "remote");
    if (!isTheirs && fundings.includes(undefined))
      this.#options.report("durable_first", `the funding transaction ${txid} leaves without a channel on disk`);
  }
  #reveals(id: ChannelId): void {
    const state = this.durable.channels.get(id);
    if (state === undefined || !("commitments" in state)) return;
    this.#revealed.set(id, state.commitments.local.number - 1n);
  }
  #isRevoked({ params }: FundedState, tx: Tx): boolean {
    const number = commitmentNumberOf(tx, localTerms(params).obscuringFactor);
    const revealed = this.#revealed.get(params.channelId);
    return number !== undefined && revealed !== undefined && number <= revealed;
  }
  #mayEndWith(state: FundedState, txid: Txid): boolean {
    if (state.tag === "Negotiating" || state.tag === "Closing")
      return closingsOf(state).some((closing) => txidOf(closing) === txid);
    if (state.tag !== "Failed" || state.cause.tag === "data_lost") return false;
    if (state.mutual !== undefined) return txidOf(state.mutual) === txid;
    return publishableFundings(state).some((on) => this.commitmentTxid(on) === txid);
  }
  /** It spends a funding output, which was judged, or something that followed from one. */
  #spendsAnEnd(tx: Tx): boolean {
    return tx.inputs.some(({ prevout }) => this.#endings.has(prevout.txid) || this.#fundedBy(prevout) !== undefined);
  }
  #fundedBy(outpoint: Outpoint): FundedState | undefined {
    for (const state of this.last.values()) {
      const attempts = state.attempts.signed.map(({ params }) => params.funding);
      const isIt = [...attempts, ...fundingOutpoints(state)].some(
        ({ txid, vout }) => txid === outpoint.txid && vout === outpoint.vout,
      );
      if (isIt) return state;
    }
    return undefined;
  }
  /** Of our own newest commitment of a channel on disk. */
  commitmentTxid(state: FundedState): Txid {
    return ownTxid(state, this.#keysOf(state.params.keyIndex));
  }

  #keysOf(index: number): ChannelKeys {
    const known = this.#keys.get(index);
    if (known !== undefined) return known;
    const keys = channelKeys(channelSecrets(this.#options.keychain.channelSeed(index)));
    this.#keys.set(index, keys);
    return keys;
  }
  #read(records: readonly StoreRecord[]): Group {
    const entries: Entry[] = [];
    for (const record of records) {
      const entry = readRecord(record);
      if (entry === undefined) continue;
      if (entry.kind === "channel" && entry.value !== undefined) {
        for (const { rule, detail } of this.#auditChannel(entry.id, entry.value)) {
          this.#options.report(rule, `channel ${entry.id.slice(0, 8)}: ${detail}`);
        }
      }
      entries.push(entry);
    }
    for (const entry of entries) enter(this.written, entry);
    return { records, entries };
  }
  #auditChannel(id: ChannelId, state: DurableState): readonly Fault[] {
    return auditChannel(this.written.channels.get(id), state, (cause) => this.#options.mayFail(id, cause));
  }
  #keep({ records, entries }: Group): void {
    for (const { key, value } of records) {
      if (value === undefined) this.#raw.delete(key);
      else this.#raw.set(key, value);
    }
    this.ends.take(this.durable, entries);
    for (const entry of entries) {
      enter(this.durable, entry);
      if (entry.kind === "event") this.#options.told(entry.value);
      if (entry.kind === "channel") this.#remember(entry.id, entry.value);
      if (entry.kind === "channel" && this.#kept++ % SAMPLE === 0) this.#auditKept(entry.value);
    }
  }
  #remember(id: ChannelId, state: DurableState | undefined): void {
    if (state === undefined || !("commitments" in state)) return;
    this.last.set(id, state);
    this.splices.take(id, state);
    const past = this.past.get(id) ?? new Map<bigint, FundedState>();
    this.past.set(id, past.set(state.commitments.local.number, state));
    if (state.tag !== "Failed") return;
    for (const { tx } of state.spends) this.#endings.add(txidOf(tx));
    if (state.commitment !== undefined) this.#endings.add(txidOf(state.commitment));
  }
  #auditKept(state: DurableState | undefined): void {
    if (state === undefined || !("commitments" in state)) return;
    for (const on of publishableFundings(state)) {
      const fault = auditPublishable(on, this.#keysOf(state.params.keyIndex));
      if (fault !== undefined) this.#options.report("publishable", fault);
    }
  }
  #compare(inner: Store): void {
    let found = 0;
    for (const { key, value } of inner.range("")) {
      found++;
      const known = this.#raw.get(key);
      if (known === undefined || !equalBytes(known, value)) {
        return this.#options.report("durable_prefix", `the record ${key} is not the last one acknowledged`);
      }
    }
    if (found !== this.#raw.size) {
      this.#options.report("durable_prefix", `${this.#raw.size} records were durable, ${found} are left`);
    }
  }
}

/** Signatures of one in so many records of channels are verified: each takes most of a millisecond. */
const SAMPLE = 8;
/** Of all that nodes of a world pay to only funding outputs are witness script hashes. */
const isP2wsh = (script: Uint8Array): boolean => script.length === 34 && script[0] === 0 && script[1] === 32;
