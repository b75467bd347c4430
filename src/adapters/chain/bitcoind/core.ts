import type { z } from "zod";
import { equalBytes, parseHex } from "../../../base/bytes.ts";
import type { BlockHash } from "../../../base/ids.ts";
import { err, ok, type Result } from "../../../base/result.ts";
import { type Block, blockHashOf, decodeBlock } from "../../../bitcoin/block.ts";
import { txMerkleRoot } from "../../../bitcoin/merkle.ts";
import type { ChainFault } from "../../../ports/base-node.ts";
import type { RpcClient, RpcFault } from "./rpc-client.ts";

/** Bitcoin Core's word for what it does not know: blocks, transactions. */
const NOT_FOUND = -5;
const BAD_PARAMETER = -8;
export const METHOD_NOT_FOUND = -32_601;

export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}
const silent = (detail: string): ChainFault => ({
  code: "unavailable",
  detail: `The Bitcoin node does not answer: ${detail}.`,
});

/** Typed questions to a Bitcoin Core. */
export class Core {
  readonly #client: RpcClient;
  constructor(client: RpcClient) {
    this.#client = client;
  }
  /** The answer in its form, a refusal, or silence; an answer of another form counts as silence. */
  async ask<S extends z.ZodType>(
    form: S,
    method: string,
    ...params: readonly unknown[]
  ): Promise<Result<z.output<S>, RpcFault>> {
    const answer = await this.#client.call(method, ...params);
    if (!answer.ok) return answer;
    const read = form.safeParse(answer.value);
    if (read.success) return ok(read.data);
    return err({ tag: "Silent", detail: `${method} has an answer of another form` });
  }
  /** As `ask`, for the port: undefined for what is not known. */
  async find<S extends z.ZodType>(
    form: S,
    method: string,
    ...params: readonly unknown[]
  ): Promise<Result<z.output<S> | undefined, ChainFault>> {
    const answer = await this.ask(form, method, ...params);
    if (answer.ok) return answer;
    const { error } = answer;
    if (error.tag === "Refused" && (error.code === NOT_FOUND || error.code === BAD_PARAMETER)) return ok(undefined);
    return err(faultOf(error));
  }
  /** A block by its hash, which is checked. Undefined for one that is not known. */
  async block(form: z.ZodType<string>, hash: BlockHash): Promise<Result<Block | undefined, ChainFault>> {
    const answer = await this.find(form, "getblock", hash, 0);
    if (!answer.ok || answer.value === undefined) return answer as Result<undefined, ChainFault>;
    const bytes = parseHex(answer.value);
    const decoded = bytes && decodeBlock(bytes);
    if (!decoded?.ok) return err(silent("a block does not decode"));
    const { header, txs } = decoded.value;
    if (blockHashOf(header) !== hash || !equalBytes(txMerkleRoot(txs).root, header.merkleRoot)) {
      return err(silent("a block is not the one that was asked for"));
    }
    return decoded;
  }
}
/** What a fault means for the port: what it refuses it does not offer, or does not hold. */
export function faultOf(fault: RpcFault): ChainFault {
  if (fault.tag === "Silent") return silent(fault.detail);
  const { code, message } = fault;
  if (code === METHOD_NOT_FOUND) return { code: "not_offered", detail: `The Bitcoin node refuses: ${message}.` };
  if (/pruned|not available/i.test(message)) {
    return { code: "not_held", detail: `The Bitcoin node does not keep that: ${message}.` };
  }
  return code === -28 ? silent(message) : { code: "not_offered", detail: `The Bitcoin node refuses: ${message}.` };
}

/** An answer for somebody who cannot go on without one; rejects with `NoAnswer`. */
export async function sure<T>(asked: Promise<Result<T, ChainFault>>): Promise<T> {
  const answer = await asked;
  if (!answer.ok) throw new NoAnswer(answer.error.detail);
  return answer.value;
}
