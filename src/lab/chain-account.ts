import { termsOf } from "../../channels/close/proposal.ts";
import type { FundedState } from "../../channels/index.ts";
import { ANCHOR_SAT } from "../../channels/tx/format.ts";
import { buildSimpleClosing, SEQUENCE_REPLACEABLE } from "../../channels/tx/simple-closing-tx.ts";
import { ANYONE } from "../adapters/memory/chain.ts";
import { equalBytes, toHex } from "../base/bytes.ts";
import { type Outpoint, outpointKey } from "../base/ids.ts";
import { present } from "../base/result.ts";
import { feeForWeightCeil } from "../base/units.ts";
import { P2WPKH_INPUT_WEIGHT } from "../bitcoin/coins.ts";
import { CHAINS, subsidyAt } from "../bitcoin/params.ts";
import { type Tx, type TxOut, txidOf, weightOf } from "../bitcoin/tx.ts";
import { fundingsOf, isOurs, lastOf, worthOf } from "./account.ts";
import { ChainIndex } from "./chain-index.ts";
import type { LabNode } from "./lab-node.ts";
import { COINBASE, type Edge, idOf } from "./setup.ts";
import { UNECONOMICAL_SAT } from "./small.ts";
import { onFunding } from "./splices.ts";
import { isTakenBack } from "./theme.ts";
import { LOOT } from "./thief-txs.ts";
import type { World } from "./world.ts";

/** Change that would be dust, and signatures that are a byte shorter than was paid for. */
const FEE_SLACK_SAT = 400n;
/** Change is left out too where it would cost more than it is: its output now, and the input that spends it one day. */
const CHANGE_WEIGHT = 4 * (8 + 1 + 34) + P2WPKH_INPUT_WEIGHT;

/**
 * Coin by coin, once all is closed and buried: nothing was made but subsidies, every node has what its channels left it,
 * and each wallet knows exactly what the chain says. `given`: how many coinbases each node was given.
 */
export function auditChain(world: World, edges: readonly Edge[], given: (node: LabNode) => number): void {
  auditSupply(world);
  const books: Books = { world, chain: new ChainIndex(world), scripts: new Map() };
  for (const node of world.nodes) books.scripts.set(node, node.recorder.walletScripts());
  const expected = new Map(world.nodes.map((node) => [node, BigInt(given(node)) * COINBASE]));
  const add = (node: LabNode, amount: bigint): void => void expected.set(node, (expected.get(node) ?? 0n) + amount);
  for (const edge of edges) {
    const { params } = lastOf(edge.opener, edge);
    const { opened, decided } = fundingsOf(books.chain, edge.opener, edge);
    const funding = books.chain.transaction(opened.txid);
    const ending = endingOf(books, decided);
    if (funding === undefined || ending === undefined) {
      world.report("liveness", "", `channel ${params.channelId.slice(0, 8)} is not closed`);
      continue;
    }
    for (const node of [edge.opener, edge.accepter]) {
      add(node, -putInto(books, node, funding));
      add(node, -auditSplices(books, edge, node));
      add(node, gainOf(books, node, ending));
      if (world.breaches.get(params.channelId)?.txid !== txidOf(ending.closing)) auditSide(books, edge, node, ending);
      else auditBreach(books, edge, node, ending);
    }
    auditLeft(books, ending);
  }
  for (const [node, amount] of expected) auditWallet(world, node, amount);
}

function auditSupply(world: World): void {
  const { whole: chain, brain } = world.chain;
  const { tip } = brain.chain;
  let subsidies = 0n;
  for (let height = 1; height <= tip.height; height++) subsidies += subsidyAt(height, CHAINS.regtest);
  const { total } = chain.utxoTotal();
  if (total !== subsidies) world.report("conservation", "", `${total} sat exist, ${subsidies} were mined`);
}
function auditWallet(world: World, node: LabNode, amount: bigint): void {
  const { confirmed, keptForClosing: _, ...others } = node.node.balance().onchain;
  const pending = Object.values(others);
  if (confirmed === amount && pending.every((one) => one === 0n)) return;
  const detail = `${confirmed} (${pending.join(", ")}) sat in the wallet, ${amount} expected`;
  world.report("honest_funds", node.name, detail);
}

interface Books {
  readonly world: World;
  readonly chain: ChainIndex;
  /** Hex of the scripts of each wallet. */
  readonly scripts: Map<LabNode, ReadonlySet<string>>;
}
const isOf = ({ scripts }: Books, node: LabNode, { script }: TxOut): boolean =>
  present(scripts.get(node), "every node has a wallet").has(toHex(script));
const isAnybodys = (books: Books, output: TxOut): boolean =>
  [...books.scripts.keys()].some((node) => isOf(books, node, output));

/** What a wallet put into a funding transaction, fees with it: either side may have put in something. In sat. */
function putInto(books: Books, node: LabNode, { inputs, outputs }: Tx): bigint {
  const spent = inputs.map(({ prevout }) => books.chain.output(prevout)).filter((output) => isOf(books, node, output));
  const back = outputs.filter((output) => isOf(books, node, output));
  const total = (list: readonly TxOut[]): bigint => list.reduce((sum, { amount }) => sum + amount, 0n);
  return total(spent) - total(back);
}

/**
 * What a wallet put into all splices of a channel, in sat. To the sat its part of the fee comes on top of what the channel
 * got from this side: nothing if the other one wanted the splice, and as much as the feerate asks for if this one did.
 */
function auditSplices(books: Books, edge: Edge, node: LabNode): bigint {
  let total = 0n;
  for (const { outpoint, added, feerate } of fundingsOf(books.chain, node, edge).splices) {
    const tx = present(books.chain.transaction(outpoint.txid), "a funding of the best chain");
    const put = putInto(books, node, tx);
    const paid = put - added.local;
    const whole = books.chain.fee(tx);
    const most = feeForWeightCeil(feerate, weightOf(tx) + CHANGE_WEIGHT) + FEE_SLACK_SAT;
    if (paid !== 0n && (paid !== whole || paid > most)) {
      const detail = `paid ${paid} of ${whole} sat for the splice ${outpoint.txid}, which is worth ${most} at most`;
      books.world.report("honest_funds", node.name, detail);
    }
    total += put;
  }
  return total;
}

/** What became of a channel's money: the transaction that spent the funding output, all that followed, and what nobody fetched. */
interface Ending {
  readonly closing: Tx;
  /** The closing first. They end where something reaches a wallet. */
  readonly txs: readonly Tx[];
  readonly left: readonly TxOut[];
  /** What a thief got away with. */
  readonly loot: bigint;
}
function endingOf(books: Books, funding: Outpoint): Ending | undefined {
  const closing = books.chain.spender(funding);
  if (closing === undefined) return undefined;
  const txs = new Map([[txidOf(closing), closing]]);
  const left: TxOut[] = [];
  let loot = 0n;
  // A map being iterated over also visits what is added meanwhile.
  for (const [txid, tx] of txs) {
    for (const [vout, output] of tx.outputs.entries()) {
      if (isAnybodys(books, output) || equalBytes(output.script, ANYONE)) continue;
      const spender = books.chain.spender({ txid, vout });
      if (equalBytes(output.script, LOOT)) loot += output.amount;
      else if (spender === undefined) left.push(output);
      else txs.set(txidOf(spender), spender);
    }
  }
  return { closing, txs: [...txs.values()], left, loot };
}

/** What a node's wallet got out of it, less what it put in for fees. In sat. */
function gainOf(books: Books, node: LabNode, { txs }: Ending): bigint {
  let gain = 0n;
  for (const tx of txs) {
    for (const output of tx.outputs) if (isOf(books, node, output)) gain += output.amount;
    for (const { prevout } of tx.inputs) {
      const output = books.chain.output(prevout);
      if (isOf(books, node, output)) gain -= output.amount;
    }
  }
  return gain;
}
/** What a node chose to pay to miners for its claims: every transaction after the closing that its wallet has a part in. */
function claimFeesOf(books: Books, node: LabNode, { closing, txs }: Ending): bigint {
  const isOwn = ({ inputs, outputs }: Tx): boolean =>
    outputs.some((output) => isOf(books, node, output)) ||
    inputs.some(({ prevout }) => isOf(books, node, books.chain.output(prevout)));
  const own = txs.filter((tx) => tx !== closing && isOwn(tx));
  return own.reduce((sum, tx) => sum + books.chain.fee(tx), 0n);
}

/** A thief's wallet gets nothing of it; the victim gets what it had at least, less the fees of the thief's commitment. */
function auditBreach(books: Books, edge: Edge, node: LabNode, ending: Ending): void {
  const { world } = books;
  if (world.breaches.get(idOf(edge))?.thief !== node.name) return auditSide(books, edge, node, ending);
  const gain = gainOf(books, node, ending) + ending.loot;
  if (gain > ANCHOR_SAT) world.report("no_loot", node.name, `got away with ${gain} sat`);
}

/** The least that a side must get: its last irrevocable balance, less what is listed here. */
function auditSide(books: Books, edge: Edge, node: LabNode, ending: Ending): void {
  const state = onFunding(lastOf(node, edge), fundingsOf(books.chain, node, edge).decided);
  const { htlcs } = state.commitments;
  const paysClosing = paysFor(state, ending.closing) || books.world.breaches.has(state.params.channelId);
  const worth = worthOf(state) / 1_000n;
  const items = {
    claims: claimFeesOf(books, node, ending),
    closing: paysClosing ? closingFee(books, ending) : 0n,
    // One for each of our outputs at most.
    rounding: BigInt(htlcs.length + 1),
    small: smallOf(state),
    raced: racedFor(books, state, ending),
    left: ending.left.reduce((sum, { amount }) => (amount === ANCHOR_SAT ? sum : sum + amount), 0n),
  };
  const due = Object.values(items).reduce((rest, amount) => rest - amount, worth);
  const got = gainOf(books, node, ending);
  if (got >= due) return;
  const listed = Object.entries(items).map(([name, amount]) => `${name} ${amount}`);
  const detail = `got ${got} of ${worth} sat of channel ${state.params.channelId.slice(0, 8)}, less ${listed.join(", ")}`;
  books.world.report("honest_funds", node.name, detail);
}
/** The opener, but for a mutual close that each side makes for itself. */
function paysFor(state: FundedState, closing: Tx): boolean {
  if (closing.inputs[0]?.sequence !== SEQUENCE_REPLACEABLE) return state.params.opener === "local";
  if (!("simple" in state)) return true;
  const made = state.simple.offered.flatMap((offer) =>
    offer.signatures.map(({ outputs }) => txidOf(buildSimpleClosing(termsOf(state, "local", offer), outputs))),
  );
  return made.includes(txidOf(closing));
}
/** The closing's fee and both anchors. */
function closingFee({ chain }: Books, { closing }: Ending): bigint {
  const anchors = closing.outputs.reduce((sum, { amount }) => (amount === ANCHOR_SAT ? sum + amount : sum), 0n);
  return chain.fee(closing) + anchors;
}
/**
 * What we had claimed with preimages before a reorganisation, where the commitment was mined anew when they had expired:
 * then the peer may take them back just as well. In sat.
 */
function racedFor({ world, chain }: Books, { params, commitments }: FundedState, { closing }: Ending): bigint {
  if (!isTakenBack(world.seed) && !world.takenBack.has(params.channelId)) return 0n;
  const minedAt = chain.height(closing);
  const raced = commitments.htlcs.filter(
    ({ side, removal, expiry }) => side === "received" && removal !== undefined && expiry <= minedAt,
  );
  return raced.reduce((sum, { amount }) => sum + amount, 0n) / 1_000n;
}
const isSmall = (amount: bigint): boolean => amount <= UNECONOMICAL_SAT * 1_000n;
/** What is ours and too small for an output of its own, or to be fetched: whoever pays less for it may take it. */
function smallOf({ commitments: { htlcs, balance } }: FundedState): bigint {
  const lost = htlcs.reduce((sum, htlc) => (isSmall(htlc.amount) && isOurs(htlc) ? sum + htlc.amount : sum), 0n);
  const pending = htlcs.reduce((sum, { side, amount }) => (side === "offered" ? sum + amount : sum), 0n);
  return (lost + (isSmall(balance.local - pending) ? balance.local - pending : 0n)) / 1_000n;
}

function auditLeft({ world }: Books, { closing, left }: Ending): void {
  for (const { amount } of left) {
    if (amount <= UNECONOMICAL_SAT) continue;
    world.report(
      "honest_funds",
      "",
      `nobody has fetched ${amount} sat of ${outpointKey({ txid: txidOf(closing), vout: 0 })}`,
    );
  }
}
