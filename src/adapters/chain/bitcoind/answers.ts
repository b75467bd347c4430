import { z } from "zod";
import { parseHex } from "../../../base/bytes.ts";
import { parseBlockHash, parseTxid } from "../../../base/ids.ts";
import { blockHeight, HEIGHT_LIMIT, isSat, type Sat, sat } from "../../../base/units.ts";
import type { BasePeer } from "../../../ports/base-node.ts";

/** What a Bitcoin Core answers, as far as it is read. Wrong forms are refused as a whole. */

const branded = <T>(parse: (text: string) => T | undefined) =>
  z.string().transform((text, context): T => {
    const found = parse(text);
    if (found !== undefined) return found;
    context.issues.push({ code: "custom", message: "has the wrong form", input: text });
    return z.NEVER;
  });
export const hash = branded(parseBlockHash);
export const txid = branded(parseTxid);
export const hex = branded(parseHex);
export const height = z
  .int()
  .min(0)
  .max(HEIGHT_LIMIT - 1)
  .transform(blockHeight);
const count = z.int().min(0);
/** Coins in eight decimals. A double holds each exactly enough to be told from its neighbours. */
export const coins: z.ZodType<Sat> = z
  .number()
  .min(0)
  .transform((value) => BigInt(value.toFixed(8).replace(".", "")))
  .refine((value) => isSat(value))
  .transform((value): Sat => sat(value));

export const chainInfo = z.object({
  chain: z.string(),
  blocks: height,
  headers: height,
  bestblockhash: hash,
  initialblockdownload: z.boolean(),
  pruned: z.boolean(),
  /** The lowest block that is kept. */
  pruneheight: height.optional(),
  time: z.number().optional(),
  mediantime: z.number(),
});
export const isSynced = ({ initialblockdownload, blocks, headers }: z.output<typeof chainInfo>): boolean =>
  !initialblockdownload && blocks >= headers;
export const header = z.object({
  height,
  confirmations: z.int(),
  previousblockhash: hash.optional(),
  nextblockhash: hash.optional(),
  chainwork: z.string().regex(/^[0-9a-f]{1,64}$/),
});
export const blockTxids = z.object({ tx: z.array(txid) });
export const txOut = z
  .object({
    bestblock: hash,
    confirmations: count,
    value: coins,
    scriptPubKey: z.object({ hex }),
    coinbase: z.boolean(),
  })
  .nullable();
export const rawTx = z.object({ hex, blockhash: hash.optional() });
export const feeEstimate = z.object({ feerate: coins.optional() });
export const mempoolInfo = z.object({ size: count, bytes: count });
export const mempool = z.record(
  z.string(),
  z.object({ vsize: count, ancestorcount: count, fees: z.object({ base: coins }) }),
);
export const txids = z.array(txid);
export const hashes = z.array(hash);
export const outSet = z.object({ txouts: count, total_amount: coins });
export const peers = z.array(
  z.object({
    addr: z.string(),
    inbound: z.boolean(),
    subver: z.string(),
    synced_headers: z.int().optional(),
    services: z.string().regex(/^[0-9a-f]{1,16}$/),
    /** In seconds. */
    conntime: count,
    pingtime: z.number().min(0).optional(),
    bytesrecv: count,
    bytessent: count,
  }),
);
const fees = z.object({
  base: coins,
  "effective-includes": z.array(txid).optional(),
});
export const accepted = z.array(
  z.object({
    txid,
    wtxid: txid,
    allowed: z.boolean().optional(),
    vsize: count.optional(),
    fees: fees.optional(),
    "package-error": z.string().optional(),
    "reject-reason": z.string().optional(),
  }),
);
export const packaged = z.object({
  package_msg: z.string(),
  "tx-results": z.record(
    z.string(),
    z.object({
      txid,
      "other-wtxid": txid.optional(),
      vsize: count.optional(),
      fees: fees.optional(),
      error: z.string().optional(),
    }),
  ),
  "replaced-transactions": z.array(txid).optional(),
});

/** A peer as the port shows it. */
export const basePeer = (peer: z.output<typeof peers>[number]): BasePeer => ({
  address: peer.addr,
  inbound: peer.inbound,
  agent: peer.subver,
  height: Math.max(peer.synced_headers ?? 0, 0),
  services: BigInt(`0x${peer.services}`),
  since: peer.conntime * 1000,
  pingMs: peer.pingtime === undefined ? undefined : Math.round(peer.pingtime * 1000),
  bytesReceived: peer.bytesrecv,
  bytesSent: peer.bytessent,
});
