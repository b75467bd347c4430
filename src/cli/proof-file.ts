import { readFile } from "node:fs/promises";
import { z } from "zod";
import { parseHex } from "../base/bytes.ts";
import type { BlockHash } from "../base/ids.ts";
import type { Result } from "../base/result.ts";
import { type BlockHeader, blockHashOf, decodeHeader, HEADER_BYTES } from "../bitcoin/block.ts";
import { CHAINS, type ChainParams, type NetworkName } from "../bitcoin/params.ts";
import { decodeTx, type Tx } from "../bitcoin/tx.ts";
import { HeaderRun } from "../chain/header-run.ts";
import { headerTree } from "../chain/headers.ts";
import type { TxProof } from "../chain/spv.ts";
import type { DecodeError } from "../codec/io.ts";
import { usage } from "./exit.ts";

/** A proof as `chain prove` writes it. */
export interface ReadProof {
  readonly params: ChainParams;
  readonly proof: TxProof;
}
const hex = (bytesMax: number) => z.string().max(2 * bytesMax);
const HASH_BYTES = 32;
const BRANCH_MAX = 32;
const branch = z.array(hex(HASH_BYTES)).max(BRANCH_MAX);
const proofFile = z.object({
  network: z.string(),
  header: hex(HEADER_BYTES),
  transaction: hex(4_000_000),
  index: z.int().min(0),
  branch,
  coinbase: hex(4_000_000),
  coinbaseBranch: branch,
});

/** Ends the command with a sentence when the file is none. */
export const readProof = async (path: string): Promise<ReadProof> => proofOf(jsonOf(await textOf(path)), path);

/** The proof behind JSON that was found in that file. */
export function proofOf(json: unknown, path: string): ReadProof {
  const read = proofFile.safeParse(json);
  if (!read.success) throw usage(`${path} is not a proof.`, "write one by: chain prove <txid> > file");
  const { network, index, ...parts } = read.data;
  if (!Object.hasOwn(CHAINS, network)) throw usage(`${path} is of a network that there is not.`);
  const bytes = (text: string): Uint8Array => {
    const found = parseHex(text);
    if (found === undefined) throw usage(`${path} is not a proof.`);
    return found;
  };
  const decoded = <T>(result: Result<T, DecodeError>): T => {
    if (!result.ok) throw usage(`${path} is not a proof.`);
    return result.value;
  };
  const txOf = (text: string): Tx => decoded(decodeTx(bytes(text)));
  return {
    params: CHAINS[network as NetworkName],
    proof: {
      header: decoded(decodeHeader(bytes(parts.header))),
      tx: txOf(parts.transaction),
      index,
      branch: parts.branch.map(bytes),
      coinbase: txOf(parts.coinbase),
      coinbaseBranch: parts.coinbaseBranch.map(bytes),
    },
  };
}

/**
 * How deep a block stands in a file of headers: 80 bytes each, from the one after genesis on, every one of them checked.
 * Undefined when it is not there.
 */
export async function depthInHeaders(path: string, block: BlockHash, params: ChainParams): Promise<number | undefined> {
  const bytes = await bytesOf(path);
  if (bytes.length % HEADER_BYTES !== 0) throw usage(`${path} does not hold headers of ${HEADER_BYTES} bytes.`);
  const run = new HeaderRun(params, headerTree(params).genesis);
  let height: number | undefined = block === params.genesisHash ? 0 : undefined;
  for (let at = 0; at < bytes.length; at += HEADER_BYTES) {
    const header = decodeHeader(bytes.subarray(at, at + HEADER_BYTES)) as { readonly value: BlockHeader };
    const fault = run.take(header.value, Date.now() / 1000);
    if (fault !== undefined) throw usage(`${path} breaks a rule at height ${run.height + 1}: ${fault.code}.`);
    if (blockHashOf(header.value) === block) height = run.height;
  }
  return height === undefined ? undefined : run.height - height + 1;
}

export const textOf = async (path: string): Promise<string> => (await bytesOf(path)).toString("utf8");
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
async function bytesOf(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw usage(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "for whatever reason"}.`);
  }
}
