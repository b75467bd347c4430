import type { NodeId, ShortChannelId } from "../../src/base/ids.ts";
import type { CltvExpiry, Msat } from "../../src/base/units.ts";

/** The HTLC that reaches `nodeId` over the channel: what it carries and when it ends. The first is the one that we offer. */
export interface RouteHop {
  readonly nodeId: NodeId;
  readonly shortChannelId: ShortChannelId;
  readonly amount: Msat;
  readonly expiry: CltvExpiry;
}
export interface Route {
  readonly hops: readonly RouteHop[];
}
/** The most hops that a route may have. BOLT 4 §Overview. */
export const HOPS_MAX = 20;

/** One direction of a channel, seen from the node that would forward over it. */
export interface Edge {
  readonly from: NodeId;
  readonly shortChannelId: ShortChannelId;
}
/** What a search must leave out. */
export interface Exclusions {
  readonly edges: readonly Edge[];
  readonly nodes: readonly NodeId[];
}

/** One channel on the way to a payee that the public graph does not show; it starts at `nodeId`. BOLT 11 §Tagged Fields. */
export interface RouteHintHop {
  readonly nodeId: NodeId;
  readonly shortChannelId: ShortChannelId;
  readonly feeBaseMsat: number;
  readonly feeProportionalMillionths: number;
  readonly cltvExpiryDelta: number;
}
/** A channel of our own as a first hop: it takes no fee and no expiry delta from us. */
export interface LocalChannel {
  readonly shortChannelId: ShortChannelId;
  readonly peer: NodeId;
  /** What we can offer over it in one HTLC now. */
  readonly spendable: Msat;
  /** Of an HTLC below `below`, which has no output; without it as much as of any. BOLT 2 §Bounding exposure to trimmed in-flight HTLCs: max_dust_htlc_exposure_msat. */
  readonly dust?: { readonly below: Msat; readonly spendable: Msat };
  /** The peer's smallest HTLC. */
  readonly htlcMinimum: Msat;
}
/** Whether we can offer so much over it now. */
export const canCarry = ({ spendable, dust, htlcMinimum }: LocalChannel, amount: bigint): boolean =>
  amount >= htlcMinimum &&
  amount <= spendable &&
  (dust === undefined || amount >= dust.below || amount <= dust.spendable);
