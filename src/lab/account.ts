import { DEFAULT_POLICY } from "../../channels/index.ts";
import { toHex } from "../base/bytes.ts";
import type { Outpoint, Txid } from "../base/ids.ts";
import { present } from "../base/result.ts";
import { CHAINS, subsidyAt } from "../bitcoin/params.ts";
import { type Tx, txidOf } from "../bitcoin/tx.ts";
import type { BaseNode } from "../ports/base-node.ts";
import type { LabNode } from "./lab-node.ts";
import { closingOf, stateAt } from "./settle.ts";
import { COINBASE, type Edge } from "./setup.ts";
import type { World } from "./world.ts";

/** What one node must have by the end, reckoned from what everybody saw, in msat and sat. */
export interface Account {
  readonly node: string;
  /** Over all its channels: what it had at their opening and at their closing. */
  readonly before: bigint;
  readonly after: bigint;
  readonly received: bigint;
  readonly paid: bigint;
  readonly earned: bigint;
}

/** Msat by msat: what left one node's channels came into another's, and everybody has what the payments say. */
export function auditPayments(world: World, edges: readonly Edge[]): readonly Account[] {
  const accounts = world.nodes.map((node) => accountOf(node, edges));
  for (const { node, before, after, received, paid, earned } of accounts) {
    const expected = before + received - paid + earned;
    if (after !== expected) {
      const detail = `has ${after} msat, should have ${before} + ${received} - ${paid} + ${earned} = ${expected}`;
      world.report("conservation", node, detail);
    }
  }
  auditEnds(world);
  return accounts;
}

function accountOf(node: LabNode, edges: readonly Edge[]): Account {
  const { durable, ends } = node.recorder;
  let [before, after, received, paid] = [0n, 0n, 0n, 0n];
  for (const edge of edges) {
    if (edge.opener !== node && edge.accepter !== node) continue;
    const { params, commitments } = present(stateAt(node, edge), "an open channel is on disk");
    const capacity = params.capacity * 1_000n;
    before += edge.opener === node ? capacity - edge.push : edge.push;
    after += commitments.balance.local;
  }
  for (const { status } of durable.invoices.values()) if (status.tag === "Settled") received += status.received;
  for (const payment of durable.payments.values()) {
    if (payment.tag === "Succeeded") paid += payment.request.amount + payment.fee;
  }
  return { node: node.name, before, after, received, paid, earned: ends.earned() };
}

/** A payment that succeeded settled its invoice, and an invoice that is settled was paid by exactly one payer. */
function auditEnds(world: World): void {
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
      if (times !== (status.tag === "Settled" ? 1 : 0)) {
        world.report("one_end", name, `invoice ${hash.slice(0, 8)} is ${status.tag} and was paid ${times} times`);
      }
    }
  }
}

/**
 * Coin by coin, once all is closed: nothing was made but subsidies, and every node has what its channels left it.
 * `funded`: the channels for which the openers were given coins.
 */
export function auditChain(world: World, edges: readonly Edge[], funded: readonly Edge[]): void {
  const chain = world.chain.source("checker");
  const { tip } = world.chain.brain.chain;
  let subsidies = 0n;
  for (let height = 1; height <= tip.height; height++) subsidies += subsidyAt(height, CHAINS.regtest);
  const { total } = chain.utxoTotal();
  if (total !== subsidies) world.report("conservation", "", `${total} sat exist, ${subsidies} were mined`);
  const expected = new Map<LabNode, bigint>(world.nodes.map((node) => [node, 0n]));
  for (const { opener } of funded) expected.set(opener, (expected.get(opener) ?? 0n) + COINBASE);
  for (const edge of edges) auditClosing(world, chain, edge, expected);
  for (const [node, amount] of expected) {
    const { confirmed, unconfirmed, reserved } = node.node.balance().onchain;
    if (confirmed !== amount || unconfirmed !== 0n || reserved !== 0n) {
      const detail = `${confirmed} (${unconfirmed}, ${reserved}) sat in the wallet, ${amount} expected`;
      world.report("honest_funds", node.name, detail);
    }
  }
}

/** Each side gets its balance, rounded down to whole sat; the opener pays for both transactions. */
function auditClosing(world: World, chain: BaseNode, edge: Edge, expected: Map<LabNode, bigint>): void {
  const add = (node: LabNode, amount: bigint): void => void expected.set(node, (expected.get(node) ?? 0n) + amount);
  const { opener, accepter } = edge;
  const { params, tx } = closingOf(opener, edge);
  const funding = confirmed(world, chain, params.funding.txid);
  const closing = confirmed(world, chain, txidOf(tx));
  if (funding === undefined || closing === undefined) return;
  add(opener, -feeOf(chain, funding) - params.capacity);
  const sides = [opener, accepter].map((node) => {
    const { close, commitments } = closingOf(node, edge);
    const script = toHex(present(close.localScript, "a channel that closes has a script"));
    const paid = closing.outputs.find((output) => toHex(output.script) === script)?.amount;
    return { node, paid, balance: commitments.balance.local };
  });
  // What has no output goes to the miner: parts of a sat, and what would be dust.
  const lost = sides.reduce((sum, { paid, balance }) => sum + (paid === undefined ? balance : balance % 1_000n), 0n);
  const fee = feeOf(chain, closing) - lost / 1_000n;
  for (const { node, paid = 0n, balance } of sides) {
    const whole = balance / 1_000n;
    const due = node === opener ? whole - fee : whole < DUST_SAT ? 0n : whole;
    if (paid !== due) world.report("honest_funds", node.name, `closing pays ${paid} sat, ${due} are due`);
    add(node, paid);
  }
}
/** Outputs below it are left out. BOLT 3 §Dust Limits. */
const DUST_SAT = DEFAULT_POLICY.dustLimit;

function confirmed(world: World, chain: BaseNode, txid: Txid): Tx | undefined {
  const found = chain.transaction(txid);
  if (found?.confirmed === undefined) world.report("liveness", "", `transaction ${txid.slice(0, 8)} is not confirmed`);
  return found?.tx;
}
function valueIn(chain: BaseNode, tx: Tx): bigint {
  return tx.inputs.reduce((sum, { prevout }) => sum + amountOf(chain, prevout), 0n);
}
const amountOf = (chain: BaseNode, { txid, vout }: Outpoint): bigint =>
  present(chain.transaction(txid)?.tx.outputs[vout], "what is spent was there").amount;
const feeOf = (chain: BaseNode, tx: Tx): bigint =>
  valueIn(chain, tx) - tx.outputs.reduce((sum, { amount }) => sum + amount, 0n);
