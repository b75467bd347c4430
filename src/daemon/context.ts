import type { ChannelPolicy } from "../../channels/index.ts";
import { EXPIRY_MARGIN_BLOCKS } from "../../routing/index.ts";
import type { NodeId } from "../base/ids.ts";
import type { ChainParams } from "../bitcoin/params.ts";
import type { BaseNode } from "../ports/base-node.ts";
import type { Log } from "../ports/log.ts";
import type { Signer } from "../ports/signer.ts";
import type { Store } from "../ports/store.ts";
import type { StreamLinks } from "../ports/stream-link.ts";
import type { Clock, Random } from "../ports/world.ts";
import type { Events } from "./events.ts";
import type { Turn, Turns } from "./turn.ts";

/** What every host of one node works with. */
export interface NodeContext {
  readonly self: NodeId;
  readonly alias: string;
  readonly params: ChainParams;
  readonly signer: Signer;
  readonly policy: Required<NodePolicy>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: Store;
  readonly chain: BaseNode;
  readonly links: StreamLinks;
  readonly turns: Turns;
  readonly events: Events;
}

/** What the operator decides. Policy, not protocol. */
export interface NodePolicy {
  readonly channel: ChannelPolicy;
  readonly forwarding: ForwardingPolicy;
  /** Sat per 1,000 weight units for our own transactions when the chain source has no estimate. */
  readonly fallbackFeerate: number;
  /** `OPENING_LIMITS` unless told. */
  readonly openings?: OpeningLimits;
  /** `HTLC_TIMING` unless told. */
  readonly timing?: HtlcTiming;
  /** For how long after a start deadlines wait for peers; `PEERS_FIRST_MS` unless told. */
  readonly peersFirstMs?: number;
  /** Whether payments without an invoice are taken; not unless told. */
  readonly acceptKeysend?: boolean;
  /** Even types of records that may come with them, as an application knows what they mean; none unless told. */
  readonly keysendTypes?: ReadonlySet<bigint>;
}
/** How many channels peers may open with us. */
export interface OpeningLimits {
  /** With one peer, open or being opened by either side. */
  readonly channelsPerPeer: number;
  /** Without money in them so far: of one peer, and of all together. */
  readonly unfundedPerPeer: number;
  readonly unfunded: number;
}
/** Policy, not protocol. */
export const OPENING_LIMITS: OpeningLimits = { channelsPerPeer: 50, unfundedPerPeer: 4, unfunded: 200 };

/** What our `channel_update` asks of those who route through us. */
export interface ForwardingPolicy {
  readonly feeBaseMsat: number;
  readonly feeProportionalMillionths: number;
  readonly cltvExpiryDelta: number;
}

/** Errands of the chain wait in one lane: a watch is set before what it watches is broadcast. */
export const CHAIN_LANE = "chain";
/** Answers to commands. */
export const ANSWER_LANE = "answers";

/** How much time HTLCs have, in blocks. */
export interface HtlcTiming {
  /** For claiming an HTLC that ends here. */
  readonly minFinalCltvExpiryDelta: number;
  /** Added to the last expiry of what we pay, so that a block mined meanwhile does not fail the payment. */
  readonly expirySlack: number;
  /** An HTLC to be forwarded that ends within so many blocks is not worth a channel. */
  readonly forwardMargin: number;
}
/** Policy, not protocol; for HTLCs that end here above the BOLT's least of 18. */
export const HTLC_TIMING: HtlcTiming = {
  minFinalCltvExpiryDelta: 24,
  expirySlack: 3,
  forwardMargin: EXPIRY_MARGIN_BLOCKS,
};

/** Tasks of a turn each, whose answers are given once what they changed is durable. */
export const answeredAfter =
  ({ turns }: NodeContext) =>
  <T>(task: (turn: Turn) => T): Promise<T> =>
    new Promise((resolve) => {
      turns.run((turn) => {
        const answer = task(turn);
        turn.afterwards(ANSWER_LANE, () => resolve(answer));
      });
    });
