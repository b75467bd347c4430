import {
  attemptMemoryOf,
  type ChannelParams,
  type ChannelSigner,
  type ChannelState,
  type DurableState,
  type FundedState,
  fundingOutpoints,
  holdsOurCoins,
  namesOf,
  type RestoredParams,
  restoredFundings,
  type SignerMemory,
  signerMemoryOf,
} from "../../../channels/index.ts";
import { toHex } from "../../base/bytes.ts";
import {
  type ChannelId,
  type NodeId,
  type Outpoint,
  outpointKey,
  type ShortChannelId,
  type Txid,
} from "../../base/ids.ts";
import { assert } from "../../base/result.ts";
import type { BlockHeight, SatPerKw } from "../../base/units.ts";
import type { BatchOpening } from "../batch/opening.ts";
import { PeerCoins } from "./peer-coins.ts";

/** One channel as the host holds it: the machine's state, and what the machine is not told. */
export interface ChannelEntry {
  readonly peer: NodeId;
  readonly temporaryId: ChannelId;
  readonly keyIndex: number;
  /** The name that it gets if it comes to be opened; its state tells that of one that was. */
  readonly alias: ShortChannelId | undefined;
  /** Has its keys. */
  readonly signer: ChannelSigner;
  state: ChannelState;
  /** What the peer asks of those who send to us over a channel that is not announced, as far as it has said so. */
  peerTerms: PeerTerms | undefined;
  /** When we told it ours, in Unix seconds. */
  toldAt: number | undefined;
  /** Told how an opening or closing that somebody asked for went. */
  asked: ((outcome: Outcome) => void) | undefined;
  /** For the funding transaction, if we open and somebody chose one. */
  fundingFeerate: SatPerKw | undefined;
  /** Coins that the wallet holds for a funding transaction which is made with the peer. */
  held: readonly Outpoint[];
  /** The chain does not keep what pays a coin of ours, so that no peer can be shown it. */
  lacksPrevious: boolean;
  /** The wallet has too few coins for what was asked last. */
  lacksCoins: boolean;
  /** Messages that wait, our `tx_signatures` first, for the backup to tell of what they are for. */
  waiting: number;
  /** Ends the wait for a peer that has our coins held. */
  cancelFunding: () => void;
  /** The channels that the same transaction funds, until it goes out. */
  batch: BatchOpening | undefined;
  /** Whose coins the wallet keeps for this opening. */
  fundingTxid: Txid | undefined;
  /** Ends the wait that was begun for a silence. */
  cancelQuiescence: () => void;
  /** From which height on this process has watched for its funding outputs, and whether a block was found to hold one. */
  watchedFrom: BlockHeight | undefined;
  isFundingSeen: boolean;
  /** For a moment after a start, until its peer has spoken. In Unix milliseconds. */
  unheardUntil: number | undefined;
  /** Its funding outputs that are watched for. */
  watched: readonly WatchedFunding[];
}
/** BOLT 7 §The channel_update Message. */
export interface PeerTerms {
  readonly feeBaseMsat: number;
  readonly feeProportionalMillionths: number;
  readonly cltvExpiryDelta: number;
  readonly timestamp: number;
}
export interface WatchedFunding {
  readonly outpoint: Outpoint;
  readonly script: Uint8Array;
}
export type Outcome = { readonly tag: "done" } | { readonly tag: "refused"; readonly detail: string };

/** What was agreed, once there is a funding outpoint. */
export const paramsOf = (state: ChannelState): ChannelParams | RestoredParams | undefined => {
  const params = "params" in state ? state.params : undefined;
  return params !== undefined && "funding" in params ? params : undefined;
};

/** The id by which the peer knows it for good; undefined before. */
export const settledId = (state: ChannelState, temporaryId: ChannelId): ChannelId | undefined => {
  if (state.tag !== "ConstructingFunding") return paramsOf(state)?.channelId;
  return state.channelId === temporaryId ? undefined : state.channelId;
};

/** The funding output of every transaction that may be mined. */
export function fundingsOf(state: ChannelState): readonly Outpoint[] {
  const params = paramsOf(state);
  if (params === undefined) return [];
  if (state.tag === "Restored") return restoredFundings(state).map(({ outpoint }) => outpoint);
  if (!("attempts" in state)) return [params.funding];
  const { signed, next } = state.attempts;
  const made = [...signed, ...(next === undefined ? [] : [next])].map((attempt) => attempt.params.funding);
  return [...fundingOutpoints(state), ...made.filter(({ txid }) => txid !== params.funding.txid)];
}

/** The height from which on its funding transaction was waited for. */
export function sinceOf(state: ChannelState): BlockHeight | undefined {
  if (state.tag === "Restored") return state.since;
  return "funding" in state ? state.funding.since : undefined;
}

/** Where a mutual close must pay us, if that was said at the opening. */
export const promisedScript = (state: ChannelState): Uint8Array | undefined =>
  "commitments" in state ? state.params.local.upfrontShutdownScript : undefined;

/** The same, or where it goes since it was asked for first. */
export const agreedScript = (state: ChannelState): Uint8Array | undefined =>
  promisedScript(state) ?? ("close" in state ? state.close.localScript : undefined);

/** What the signer must know of a channel that is loaded; undefined where it has nothing to sign. */
export function memoryOf(state: DurableState): SignerMemory | undefined {
  if (state.tag === "WaitForFundingSignatures") return attemptMemoryOf(state);
  return "commitments" in state ? signerMemoryOf(state) : undefined;
}

export function channelEntry(
  of: Pick<ChannelEntry, "peer" | "temporaryId" | "keyIndex" | "signer">,
  state: ChannelState,
  alias?: ShortChannelId,
): ChannelEntry {
  const nothingAsked = { asked: undefined, fundingFeerate: undefined, fundingTxid: undefined };
  const cancelQuiescence = (): void => {};
  const cancelFunding = (): void => {};
  const untold = { alias, batch: undefined, peerTerms: undefined, toldAt: undefined };
  return {
    ...of,
    ...untold,
    state,
    cancelQuiescence,
    cancelFunding,
    held: [],
    lacksPrevious: false,
    lacksCoins: false,
    watchedFrom: undefined,
    isFundingSeen: false,
    unheardUntil: undefined,
    waiting: 0,
    watched: [],
    ...nothingAsked,
  };
}

/** Every channel of the node, found by whatever name a message or the chain calls it. */
export class ChannelTable {
  readonly coins = new PeerCoins();
  readonly #opening = new Map<string, ChannelEntry>();
  readonly #byId = new Map<ChannelId, ChannelEntry>();
  readonly #byScid = new Map<ShortChannelId, ChannelEntry>();
  /** More than one where a peer names an output for its own that another channel has: each has to hear what becomes of it. */
  readonly #byOutpoint = new Map<string, readonly ChannelEntry[]>();
  readonly #byScript = new Map<string, ChannelEntry>();

  addOpening(entry: ChannelEntry): void {
    this.#opening.set(openingKey(entry.peer, entry.temporaryId), entry);
  }
  /** From now on known by its channel id too. False when another channel has that id, or the output that this one names: then nothing is changed. */
  settle(entry: ChannelEntry): boolean {
    const id = settledId(entry.state, entry.temporaryId);
    assert(id !== undefined, "a channel has an id once both sides know what it is made of");
    const other = this.#byId.get(id);
    if (other !== undefined) return other === entry;
    // Of a channel that both sides funded, or that was spliced, the id says nothing of the output.
    const funding = paramsOf(entry.state)?.funding;
    if (funding !== undefined && this.byOutpoint(funding).some((known) => known !== entry)) return false;
    this.#byId.set(id, entry);
    return true;
  }
  /** On disk: its temporary id means nothing any more. Until then an `error` may use either. BOLT 1 §The error and warning Messages. */
  kept(entry: ChannelEntry): void {
    this.#opening.delete(openingKey(entry.peer, entry.temporaryId));
  }
  watchFunding(entry: ChannelEntry, outpoint: Outpoint, script: Uint8Array): void {
    const known = entry.watched.some((funding) => outpointKey(funding.outpoint) === outpointKey(outpoint));
    if (!known) entry.watched = [...entry.watched, { outpoint, script }];
    this.watchOutput(entry, outpoint);
    this.#byScript.set(toHex(script), entry);
  }
  watchOutput(entry: ChannelEntry, outpoint: Outpoint): void {
    const known = this.byOutpoint(outpoint);
    if (!known.includes(entry)) this.#byOutpoint.set(outpointKey(outpoint), [...known, entry]);
  }
  nameShort(entry: ChannelEntry, id: ShortChannelId): void {
    this.#byScid.set(id, entry);
  }
  /** A channel that was ready when it was written is known by its names from the start. */
  nameReady(entry: ChannelEntry): void {
    const { state } = entry;
    if (!("funding" in state) || !state.funding.deep || !state.ready.local || !state.ready.remote) return;
    for (const name of namesOf(state)) this.nameShort(entry, name);
  }
  remove(entry: ChannelEntry): void {
    entry.cancelQuiescence();
    entry.cancelFunding();
    this.coins.forget(entry);
    this.#opening.delete(openingKey(entry.peer, entry.temporaryId));
    for (const map of [this.#byId, this.#byScid, this.#byScript] as Map<unknown, ChannelEntry>[]) {
      for (const [key, value] of map) if (value === entry) map.delete(key);
    }
    for (const [key, known] of this.#byOutpoint) {
      if (!known.includes(entry)) continue;
      if (known.length === 1) this.#byOutpoint.delete(key);
      else
        this.#byOutpoint.set(
          key,
          known.filter((other) => other !== entry),
        );
    }
  }
  opening(peer: NodeId, temporaryId: ChannelId): ChannelEntry | undefined {
    return this.#opening.get(openingKey(peer, temporaryId));
  }
  byId(id: ChannelId): ChannelEntry | undefined {
    return this.#byId.get(id);
  }
  byScid(id: ShortChannelId): ChannelEntry | undefined {
    return this.#byScid.get(id);
  }
  byOutpoint(outpoint: Outpoint): readonly ChannelEntry[] {
    return this.#byOutpoint.get(outpointKey(outpoint)) ?? [];
  }
  byScript(script: Uint8Array): ChannelEntry | undefined {
    return this.#byScript.get(toHex(script));
  }
  settled(): readonly ChannelEntry[] {
    return [...this.#byId.values()];
  }
  of(peer: NodeId): readonly ChannelEntry[] {
    return this.all().filter((entry) => entry.peer === peer);
  }
  /**
   * Others that the same transaction funds with coins of ours, as long as no block holds it. A peer can make any number of it that
   * hold nothing of ours.
   */
  fundedWith(entry: ChannelEntry): readonly ChannelEntry[] {
    const txid = waitingFor(entry.state);
    const isOurs = ({ state }: ChannelEntry): boolean => "funding" in state && holdsOurCoins(state);
    return txid === undefined
      ? []
      : this.settled().filter((other) => other !== entry && waitingFor(other.state) === txid && isOurs(other));
  }
  /** Whether there is a channel with this peer that has cost somebody a funding transaction. */
  hasFunded(peer: NodeId): boolean {
    return this.settled().some(
      ({ peer: other, state }) => other === peer && !("funding" in state && isUnfunded(state)),
    );
  }
  /** Channels that cost whoever opened them nothing so far: being opened, or opened by the peer and in no block yet. */
  unfunded(): readonly ChannelEntry[] {
    return this.all().filter(({ state }) => !("funding" in state) || isUnfunded(state));
  }
  /** Also those that are being opened. */
  all(): readonly ChannelEntry[] {
    return [...new Set([...this.#byId.values(), ...this.#opening.values()])];
  }
}

const waitingFor = (state: ChannelState): Txid | undefined =>
  "funding" in state && state.funding.confirmed === undefined ? state.params.funding.txid : undefined;
const isUnfunded = ({ params, funding }: FundedState): boolean =>
  params.opener === "remote" && funding.confirmed === undefined;
const openingKey = (peer: NodeId, temporaryId: ChannelId): string => `${peer}/${temporaryId}`;
