import { z } from "zod";
import { toHex } from "../base/bytes.ts";
import { type BlockHash, outpointKey } from "../base/ids.ts";
import { encodeHeader } from "../bitcoin/block.ts";
import { decodeCompact, workOf } from "../bitcoin/pow.ts";
import { serviceNames } from "../bitcoin/services.ts";
import { encodeTx, isCoinbase } from "../bitcoin/tx.ts";
import type { BlockView, OutputView, TransactionProof, TransactionView, UnspentView } from "../daemon/chain/views.ts";
import type { BasePeer, DifficultyStep, KnownBlock, MempoolTx, PlacedHeader } from "../ports/base-node.ts";

/** The chain as its explorer shows it: shapes of the answers, and how they are made. */
const sat = z.string().regex(/^(?:0|[1-9]\d*)$/);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const hex = z.string().regex(/^(?:[0-9a-f]{2})*$/);
const outpoint = z.string().regex(/^[0-9a-f]{64}:\d+$/);
const count = z.int().min(0);
const place = z.object({ hash, height: count, confirmations: count });
const output = z.object({ amountSat: sat, script: hex, address: z.string().nullable() });

export const blockShape = z.object({
  ...place.shape,
  version: z.int(),
  previous: hash,
  merkleRoot: hash,
  time: z.iso.datetime(),
  bits: z.string().regex(/^[0-9a-f]{8}$/),
  target: hash.meta({ description: "no hash of this block may be above it" }),
  nonce: count,
  work: z.string().regex(/^\d+$/).meta({ description: "hashes that the whole chain took on average" }),
  bytes: count,
  weight: count,
  header: hex,
  transactions: z.array(hash),
});
export const knownBlockShape = z.object({
  hash,
  height: count,
  previous: hash,
  time: z.iso.datetime(),
  state: z
    .enum(["best", "held", "header", "invalid"])
    .meta({ description: "in the best chain; held beside it; known by its header alone; or breaking the rules" }),
});
export const branchesShape = z.object({ data: z.array(knownBlockShape) });
export const difficultyShape = z.object({
  height: count,
  time: z.iso.datetime(),
  work: z.string().regex(/^\d+$/).meta({ description: "hashes that a block takes on average from here on" }),
});
export const difficultiesShape = z.object({ data: z.array(difficultyShape) });
export const headerShape = z.object({ ...place.shape, header: hex });
export const chainTransactionShape = z.object({
  txid: hash,
  wtxid: hash,
  version: z.int(),
  locktime: count,
  weight: count,
  feeSat: sat.nullable(),
  block: place.nullable().meta({ description: "null while it waits in the mempool" }),
  inputs: z.array(
    z.object({
      outpoint: outpoint.nullable().meta({ description: "null for a coinbase" }),
      sequence: count,
      scriptSig: hex,
      witness: z.array(hex),
      spent: output.nullable(),
    }),
  ),
  outputs: z.array(output),
  hex,
});
export const unspentShape = z.object({ outpoint, ...output.shape, coinbase: z.boolean(), block: place });
export const waitingShape = z.object({ txid: hash, feeSat: sat, vsize: count });
export const basePeerShape = z.object({
  address: z.string(),
  inbound: z.boolean(),
  agent: z.string(),
  height: count,
  services: z.array(z.string()),
  since: z.iso.datetime(),
  pingMs: count.nullable(),
  bytesReceived: count,
  bytesSent: count,
});
/** Everything in it is checked by whoever reads it; `height` is where the header stands. */
export const proofShape = z.object({
  network: z.string(),
  height: count,
  header: hex,
  transaction: hex,
  index: count,
  branch: z.array(hex),
  coinbase: hex,
  coinbaseBranch: z.array(hex),
});

const orNull = <T>(value: T | undefined): T | null => value ?? null;
/** As hashes are shown: the last byte first. */
const shown = (bytes: Uint8Array): string => toHex(bytes.slice().reverse());

export const blockJson = ({ header, work, txids, ...view }: BlockView): z.output<typeof blockShape> => ({
  hash: view.hash,
  height: view.height,
  confirmations: view.confirmations,
  version: header.version,
  previous: header.previous,
  merkleRoot: shown(header.merkleRoot),
  time: timeText(header.time),
  bits: header.bits.toString(16).padStart(8, "0"),
  target: decodeCompact(header.bits).target.toString(16).padStart(64, "0"),
  nonce: header.nonce,
  work: work.toString(),
  bytes: view.bytes,
  weight: view.weight,
  header: toHex(encodeHeader(header)),
  transactions: [...txids],
});
const timeText = (seconds: number): string => new Date(seconds * 1000).toISOString();
export const knownBlockJson = ({ hash, header, height, state }: KnownBlock): z.output<typeof knownBlockShape> => ({
  hash,
  height,
  previous: header.previous,
  time: timeText(header.time),
  state,
});
export const difficultyJson = ({ height, header }: DifficultyStep): z.output<typeof difficultyShape> => ({
  height,
  time: timeText(header.time),
  work: workOf(header.bits).toString(),
});
export const headerJson = (hash: BlockHash, placed: PlacedHeader): z.output<typeof headerShape> => ({
  hash,
  height: placed.height,
  confirmations: placed.confirmations,
  header: toHex(encodeHeader(placed.header)),
});
const outputJson = ({ amount, script, address }: OutputView): z.output<typeof output> => ({
  amountSat: amount.toString(),
  script: toHex(script),
  address: orNull(address),
});
export const chainTransactionJson = ({
  tx,
  spent,
  block,
  ...view
}: TransactionView): z.output<typeof chainTransactionShape> => ({
  txid: view.txid,
  wtxid: view.wtxid,
  version: tx.version,
  locktime: tx.locktime,
  weight: view.weight,
  feeSat: orNull(view.fee?.toString()),
  block: block === undefined ? null : { ...block },
  inputs: tx.inputs.map(({ prevout, sequence, scriptSig, witness }, index) => {
    const known = spent[index];
    return {
      outpoint: isCoinbase(tx) ? null : outpointKey(prevout),
      sequence,
      scriptSig: toHex(scriptSig),
      witness: witness.map(toHex),
      spent: known === undefined ? null : outputJson(known),
    };
  }),
  outputs: view.outputs.map(outputJson),
  hex: toHex(encodeTx(tx)),
});
export const unspentJson = (view: UnspentView): z.output<typeof unspentShape> => ({
  outpoint: outpointKey(view.outpoint),
  ...outputJson(view.output),
  coinbase: view.coinbase,
  block: { ...view.block, confirmations: view.confirmations },
});
export const waitingJson = ({ txid, fee, vsize }: MempoolTx): z.output<typeof waitingShape> => ({
  txid,
  feeSat: fee.toString(),
  vsize,
});
export const basePeerJson = ({ services, since, pingMs, ...peer }: BasePeer): z.output<typeof basePeerShape> => ({
  ...peer,
  services: [...serviceNames(services)],
  since: new Date(since).toISOString(),
  pingMs: pingMs ?? null,
});
export const proofJson = ({ proof, network, block }: TransactionProof): z.output<typeof proofShape> => ({
  network,
  height: block.height,
  header: toHex(encodeHeader(proof.header)),
  transaction: toHex(encodeTx(proof.tx)),
  index: proof.index,
  branch: proof.branch.map(toHex),
  coinbase: toHex(encodeTx(proof.coinbase)),
  coinbaseBranch: proof.coinbaseBranch.map(toHex),
});
