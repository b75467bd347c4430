import { DEFAULT_POLICY, type FundedState, type Htlc } from "../../channels/index.ts";
import type { Outpoint, PaymentHash } from "../base/ids.ts";
import { assert, present } from "../base/result.ts";
import { sat, toMsat } from "../base/units.ts";
import { ChainIndex } from "./chain-index.ts";
import type { LabNode } from "./lab-node.ts";
import { type Edge, idOf } from "./setup.ts";
import { UNECONOMICAL_SAT } from "./small.ts";
import { fundingsOnChain, onFunding, type Splice } from "./splices.ts";
import type { World } from "./world.ts";

/** Outputs below it are left out: they go to the miner. BOLT 3 §Dust Limits. */
export const DUST_SAT = DEFAULT_POLICY.dustLimit;

/** What one node must have by the end, reckoned from what everybody saw, in msat and sat. */
export interface Account {
  readonly node: string;
  /** Over all its channels: what it put into them, at their opening and by splices, and what it had at their closing. */
  readonly before: bigint;
  readonly after: bigint;
  readonly received: bigint;
  readonly paid: bigint;
  readonly earned: bigint;
}

/** The last that one end of a channel had on its disk, also after it has forgotten it. */
export const lastOf = (node: LabNode, edge: Edge): FundedState =>
  present(node.recorder.last.get(idOf(edge)), "an open channel was on disk");

/** Of a pending HTLC whether its amount is ours in the end: what we offered and nobody has claimed, what we were paid. */
export const isOurs = (htlc: Htlc): boolean =>
  htlc.side === "offered" ? htlc.preimage === undefined : htlc.removal?.tag === "fulfilled";
/** What a side's last irrevocable state leaves it, in msat: each pending HTLC counts for whoever has the right to it. */
export function worthOf({ commitments: { balance, htlcs } }: FundedState): bigint {
  let worth: bigint = balance.local;
  for (const htlc of htlcs) {
    if (htlc.side === "offered" && !isOurs(htlc)) worth -= htlc.amount;
    if (htlc.side === "received" && isOurs(htlc)) worth += htlc.amount;
  }
  return worth;
}

/** The output with which a channel was opened, the one on which the chain has decided, and the splices that led there, as one end knows them. */
export function fundingsOf(
  chain: ChainIndex,
  node: LabNode,
  edge: Edge,
): { readonly opened: Outpoint; readonly decided: Outpoint; readonly splices: readonly Splice[] } {
  const seen = node.recorder.splices.of(idOf(edge));
  const path = fundingsOnChain(chain, seen, lastOf(node, edge));
  const splices = path.flatMap(({ txid }) => seen.get(txid) ?? []);
  const [opened] = path;
  const decided = path.at(-1);
  assert(opened !== undefined && decided !== undefined, "a channel has a funding output");
  return { opened, decided, splices };
}

/** Msat by msat: what left one node's channels came into another's, and everybody has what the payments say. */
export function auditPayments(world: World, edges: readonly Edge[]): readonly Account[] {
  const chain = new ChainIndex(world);
  const accounts = world.nodes.map((node) => accountOf(node, edges, chain));
  const thieves = new Set([...world.breaches.values()].map(({ thief }) => thief));
  for (const { node, before, after, received, paid, earned } of accounts) {
    if (thieves.has(node)) continue;
    const expected = before + received - paid + earned;
    if (after !== expected) {
      const detail = `has ${after} msat, should have ${before} + ${received} - ${paid} + ${earned} = ${expected}`;
      world.report("conservation", node, detail);
    }
  }
  const stolen = ofFailed(edges, (edge) => world.breaches.has(idOf(edge)));
  auditEnds(world, {
    stolen,
    small: ofFailed(edges, (_, { amount }) => amount <= toMsat(sat(UNECONOMICAL_SAT))),
    shared: sharedOnChain(edges),
  });
  return accounts;
}

function accountOf(node: LabNode, edges: readonly Edge[], chain: ChainIndex): Account {
  const { durable, ends } = node.recorder;
  let [before, after, received, paid] = [0n, 0n, 0n, 0n];
  for (const edge of edges) {
    if (edge.opener !== node && edge.accepter !== node) continue;
    const { decided, splices } = fundingsOf(chain, node, edge);
    before += edge.opener === node ? toMsat(edge.capacity) - edge.push : edge.push;
    for (const { added } of splices) before += 1_000n * added.local;
    after += worthOf(onFunding(lastOf(node, edge), decided));
  }
  for (const { status } of durable.invoices.values()) if (status.tag === "Settled") received += status.received;
  for (const keysend of durable.keysends.values()) received += keysend.received;
  for (const payment of durable.payments.values()) {
    if (payment.tag === "Succeeded") paid += payment.request.amount + payment.fee;
  }
  return { node: node.name, before, after, received, paid, earned: ends.earned() };
}

/** What the chain can do to payments besides to end them alike for payer and payee. */
interface Exceptions {
  /** HTLCs of a channel whose thief may have the preimage, and loses what it brings: with them ends nothing is certain. */
  readonly stolen: ReadonlySet<PaymentHash>;
  /** HTLCs without an output, or with one not worth fetching: the invoice may be settled and the payer without the preimage. */
  readonly small: ReadonlySet<PaymentHash>;
  readonly shared: ReadonlySet<PaymentHash>;
}
function ofFailed(edges: readonly Edge[], isOne: (edge: Edge, htlc: Htlc) => boolean): ReadonlySet<PaymentHash> {
  const found = new Set<PaymentHash>();
  for (const edge of edges) {
    for (const node of [edge.opener, edge.accepter]) {
      const { tag, commitments } = lastOf(node, edge);
      if (tag !== "Failed") continue;
      for (const htlc of commitments.htlcs) if (isOne(edge, htlc)) found.add(htlc.paymentHash);
    }
  }
  return found;
}
/**
 * Hashes of which a channel that was closed alone held several HTLCs from one side: whoever has the preimage can claim all
 * of them, so all count as paid for those who offered them, though the payee was paid once.
 */
function sharedOnChain(edges: readonly Edge[]): ReadonlySet<PaymentHash> {
  const shared = new Set<PaymentHash>();
  for (const edge of edges) {
    for (const node of [edge.opener, edge.accepter]) {
      const { tag, commitments } = lastOf(node, edge);
      if (tag !== "Failed") continue;
      const seen = new Set<PaymentHash>();
      for (const { side, paymentHash } of commitments.htlcs) {
        if (side !== "offered") continue;
        if (seen.has(paymentHash)) shared.add(paymentHash);
        seen.add(paymentHash);
      }
    }
  }
  return shared;
}

/** A payment that succeeded settled its invoice, and an invoice that is settled was paid by exactly one payer. */
function auditEnds(world: World, { stolen, small, shared }: Exceptions): void {
  const payers = new Map<string, number>();
  for (const { recorder } of world.nodes) {
    for (const [hash, end] of recorder.ends.payments) {
      world.tally.payments[end]++;
      if (end === "succeeded") payers.set(hash, (payers.get(hash) ?? 0) + 1);
    }
  }
  for (const { name, recorder } of world.nodes) {
    for (const [hash, { status }] of recorder.durable.invoices) {
      const times = payers.get(hash) ?? 0;
      const isPaid = status.tag === "Settled";
      const isExplained = isPaid && (times === 0 ? small : shared).has(hash);
      if (times === (isPaid ? 1 : 0) || isExplained || stolen.has(hash)) continue;
      world.report("one_end", name, `invoice ${hash.slice(0, 8)} is ${status.tag} and was paid ${times} times`);
    }
  }
}
