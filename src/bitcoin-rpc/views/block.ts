import { toHex } from "../../base/bytes.ts";
import { type Block, blockWeight, encodeBlock } from "../../bitcoin/block.ts";
import { decodeCompact } from "../../bitcoin/pow.ts";
import { isCoinbase, strippedTx, type Tx, txidOf } from "../../bitcoin/tx.ts";
import type { Chain } from "../../chain/chain.ts";
import type { BlockUndo } from "../../chain/coins.ts";
import { ancestorAt, type HeaderNode, isAncestor, medianTimeOf } from "../../chain/headers.ts";
import { encode, listOf } from "../../codec/codec.ts";
import { compactSize } from "../../codec/varint.ts";
import type { Json } from "../json-text.ts";
import { txJson } from "./tx.ts";

type Fields = { readonly [key: string]: Json | undefined };
const HEADER_BYTES = 80;
const strippedList = listOf(compactSize, strippedTx);

/** How much harder than the easiest target that Bitcoin began with. */
export function difficultyOf(bits: number): number {
  const size = bits >>> 24;
  return (0xffff / (bits & 0x7f_ffff)) * 256 ** (0x1d - size);
}
export const hex32 = (value: bigint): string => value.toString(16).padStart(64, "0");
export const hex8 = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");

/** How many blocks of the best chain stand on it, itself counted; -1 when it is not in it. */
export const confirmationsOf = ({ tip }: Chain, node: HeaderNode): number =>
  isAncestor(node, tip) ? tip.height - node.height + 1 : -1;

/** Transactions of a block; 0 where it is not held, or not any more. */
const countOf = ({ params, storage }: Chain, { hash, previous }: HeaderNode): number =>
  (previous === undefined ? params.genesis : storage.block(hash))?.txs.length ?? 0;

export function headerJson(chain: Chain, node: HeaderNode): Fields {
  const { header, height, hash, work, previous } = node;
  const confirmations = confirmationsOf(chain, node);
  return {
    hash,
    confirmations,
    height,
    version: header.version,
    versionHex: hex8(header.version),
    merkleroot: toHex(header.merkleRoot.slice().reverse()),
    time: header.time,
    mediantime: medianTimeOf(node),
    nonce: header.nonce,
    bits: hex8(header.bits),
    target: hex32(decodeCompact(header.bits).target),
    difficulty: difficultyOf(header.bits),
    chainwork: hex32(work),
    nTx: countOf(chain, node),
    previousblockhash: previous?.hash,
    nextblockhash: confirmations > 0 ? ancestorAt(chain.tip, height + 1)?.hash : undefined,
  };
}

/** @param verbosity  1: txids; 2: transactions with fees; 3: and with what they spend */
export function blockJson(chain: Chain, node: HeaderNode, block: Block, verbosity: number): Fields {
  const bytes = encodeBlock(block).length;
  const undo = verbosity >= 2 ? chain.storage.undo(node.hash) : undefined;
  const spends = undo === undefined ? undefined : spentBy(block.txs, undo);
  return {
    ...headerJson(chain, node),
    strippedsize: HEADER_BYTES + encode(strippedList, block.txs).length,
    size: bytes,
    weight: blockWeight(block),
    tx: block.txs.map((tx, index) =>
      verbosity === 1 ? txidOf(tx) : txJson(tx, chain.params, { spent: spends?.[index], prevouts: verbosity >= 3 }),
    ),
  };
}
/** The undo of a block, which is in the order of its inputs, given to its transactions. */
export function spentBy(txs: readonly Tx[], undo: BlockUndo): readonly BlockUndo[] {
  let at = 0;
  return txs.map((tx) => {
    if (isCoinbase(tx)) return [];
    at += tx.inputs.length;
    return undo.slice(at - tx.inputs.length, at);
  });
}
