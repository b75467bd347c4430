import { hashBytes } from "../base/ids.ts";
import { assert, present } from "../base/result.ts";
import { type Sat, sat } from "../base/units.ts";
import {
  BLOCK_SIGOPS_COST_MAX,
  BLOCK_WEIGHT_MAX,
  type Block,
  type BlockHeader,
  encodeHeader,
} from "../bitcoin/block.ts";
import { commitmentScript, merkleRoot, txMerkleRoot, witnessCommitment } from "../bitcoin/merkle.ts";
import { type ChainParams, subsidyAt } from "../bitcoin/params.ts";
import { targetOf } from "../bitcoin/pow.ts";
import { script } from "../bitcoin/script.ts";
import { COINBASE_VOUT, NULL_TXID, SEQUENCE_FINAL, type Tx } from "../bitcoin/tx.ts";
import { searchTail, type Words256 } from "../crypto/sha256d80.ts";
import { earliestTime, type HeaderNode, requiredBits } from "./headers.ts";
import type { Mempool, MempoolEntry } from "./mempool.ts";
import { selectPackages } from "./select.ts";

/** BIP 9 §Bit flags: no deployment is signalled. */
const BLOCK_VERSION = 0x2000_0000;
/** Bits 0 and 1: BIP 112 §Deployment and BIP 141 §Deployment. Others may wait for them before they take segwit for active. */
const SEGWIT_SIGNALS = 0b11;
/** Kept free for header, coinbase and their counts. */
const RESERVED_WEIGHT = 8000;
const RESERVED_SIGOPS_COST = 400;
/** BIP 141 §Commitment structure: what is committed to beside the witnesses; zeros until it means something. */
const WITNESS_RESERVED = new Uint8Array(32);

export interface BlockRequest {
  readonly params: ChainParams;
  readonly previous: HeaderNode;
  /** Who is paid. */
  readonly script: Uint8Array;
  /** Seconds since 1970-01-01 UTC; the block gets it if the rules allow. */
  readonly now: number;
  /** 1 to 8 bytes that make this coinbase unlike that of any other miner at the same height. */
  readonly extraNonce: Uint8Array;
}
/** A transaction with what it pays. */
export type ChosenTx = Pick<MempoolEntry, "tx" | "wtxid" | "fee">;

/** The block worth most on top of `previous`, lacking only a nonce. */
export function blockTemplate(pool: Mempool, request: BlockRequest): Block {
  const chosen = selectPackages(pool, {
    weight: BLOCK_WEIGHT_MAX - RESERVED_WEIGHT,
    sigopCost: BLOCK_SIGOPS_COST_MAX - RESERVED_SIGOPS_COST,
  });
  return assembleBlock(chosen, request);
}

/** The block with exactly these transactions, lacking only a nonce. Subsidy and fees are claimed to the last satoshi. */
export function assembleBlock(chosen: readonly ChosenTx[], request: BlockRequest): Block {
  const { params, previous } = request;
  const height = previous.height + 1;
  const fees = chosen.reduce((sum, { fee }) => sum + fee, 0n);
  const reward = sat(subsidyAt(height, params) + fees);
  const txs = [coinbaseTx(height, reward, request, chosen), ...chosen.map(({ tx }) => tx)];
  const time = Math.max(earliestTime(params, previous), request.now);
  const header: BlockHeader = {
    version: height < params.activation.segwit ? BLOCK_VERSION | SEGWIT_SIGNALS : BLOCK_VERSION,
    previous: previous.hash,
    merkleRoot: txMerkleRoot(txs).root,
    time,
    bits: requiredBits(params, previous, time),
    nonce: 0,
  };
  return { header, txs };
}

function coinbaseTx(
  height: number,
  reward: Sat,
  { params, script: payee, extraNonce }: BlockRequest,
  chosen: readonly ChosenTx[],
): Tx {
  assert(extraNonce.length >= 1 && extraNonce.length <= 8, "an extra nonce of 1 to 8 bytes");
  const leaves = [new Uint8Array(32), ...chosen.map(({ wtxid }) => hashBytes(wtxid))];
  const commitment = witnessCommitment(merkleRoot(leaves).root, WITNESS_RESERVED);
  // Where witnesses mean nothing yet, there is nothing to commit to.
  const isActive = height >= params.activation.segwit;
  return {
    version: 2,
    inputs: [
      {
        prevout: { txid: NULL_TXID, vout: COINBASE_VOUT },
        // BIP 34 §Specification: the height comes first.
        scriptSig: script(BigInt(height), extraNonce),
        sequence: SEQUENCE_FINAL,
        witness: isActive ? [WITNESS_RESERVED] : [],
      },
    ],
    outputs: [
      { amount: reward, script: payee },
      ...(isActive ? [{ amount: sat(0n), script: commitmentScript(commitment) }] : []),
    ],
    locktime: 0,
  };
}

/** A slice of the nonces: small enough to be done with before anyone waits. */
export interface NonceRange {
  readonly from: number;
  readonly count: number;
}
export const NONCE_LIMIT = 2 ** 32;

/** The first nonce of the range with which the header has its proof of work; undefined when there is none. */
export function searchNonce(header: BlockHeader, params: ChainParams, { from, count }: NonceRange): number | undefined {
  const target = present(targetOf(header.bits, params), "a template's target is one of its chain");
  // The nonce stands last in a header.
  return searchTail(encodeHeader(header), wordsOf(target), from, Math.min(count, NONCE_LIMIT - from));
}
const wordsOf = (value: bigint): Words256 =>
  Int32Array.from({ length: 8 }, (_, at) => Number(BigInt.asIntN(32, value >> BigInt(32 * (7 - at)))));
