import { z } from "zod";
import type { ApiCode } from "./faults.ts";

/** What answers look like. Clients must ignore fields they do not know. */
const amount = z.string().regex(/^(?:0|[1-9]\d*)$/);
export const msat = amount.meta({ description: "millisatoshis" });
export const sat = amount.meta({ description: "satoshis" });
export const hex = z.string().regex(/^(?:[0-9a-f]{2})*$/);
export const hash = z.string().regex(/^[0-9a-f]{64}$/);
export const nodeId = z.string().regex(/^0[23][0-9a-f]{64}$/);
const scid = z.string().regex(/^\d+x\d+x\d+$/);
export const outpoint = z.string().regex(/^[0-9a-f]{64}:\d+$/);
export const time = z.iso.datetime();
export const count = z.int().min(0);
export const code = z.custom<ApiCode>((value) => typeof value === "string").meta({ type: "string" });

/** A page of a list. */
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), hasMore: z.boolean(), next: z.string().nullable() });

export const nodeInfoShape = z.object({
  id: nodeId,
  alias: z.string(),
  version: z.string(),
  network: z.string(),
  height: count,
  blockHash: hash,
  synced: z.boolean(),
  syncState: z.object({
    phase: z.enum(["headers", "blocks", "filters", "rescan", "synced"]),
    done: count,
    total: count.meta({ description: "a height; of headers an estimate" }),
  }),
  addresses: z.array(z.string()),
  features: hex,
  crypto: z.string(),
  peers: count,
  channels: z.object({ active: count, pending: count, closing: count }),
});
export const balanceShape = z.object({
  onchain: z.object({
    confirmedSat: sat,
    unconfirmedSat: sat,
    immatureSat: sat,
    lockedSat: sat,
    reservedSat: sat,
    keptForClosingSat: sat.meta({ description: "satoshis of the others that no payment may touch" }),
    missingForClaimsSat: sat.meta({
      description:
        "what has to be put into the wallet for the fees of claims from closed channels: 0 when nothing is lost for want of it",
    }),
  }),
  channels: z.object({ spendableMsat: msat, receivableMsat: msat, pendingMsat: msat }),
  sessions: z.object({ heldMsat: msat }),
  watchOnly: z
    .object({ confirmedSat: sat, unconfirmedSat: sat, immatureSat: sat })
    .meta({ description: "watched without keys: nothing of it can be spent by this node" }),
});
export const eventShape = z.object({
  id: z.string().nullable().meta({ description: "null for what is told once and kept in no log" }),
  type: z.string(),
  createdAt: time,
  seq: count,
  data: z.record(z.string(), z.unknown()),
});

export const miningShape = z.object({ everySeconds: count });
export const chainShape = z.object({
  source: z.enum(["embedded", "compact", "bitcoind"]),
  network: z.string(),
  height: count,
  hash,
  time,
  headers: count,
  filters: z.object({ headers: count, scanned: count }).nullable(),
  mempool: z.object({ transactions: count, bytes: count }),
  utxos: z.object({ count, totalSat: sat }).nullable(),
  peers: z.array(z.string()),
  address: z.string().nullable(),
  mining: miningShape.nullable(),
});
export const minedShape = z.object({ blocks: z.array(hash) });
export const rescanShape = z.object({ fromHeight: count });
export const addressShape = z.object({ address: z.string() });
export const txidShape = z.object({ txid: hash });
export const transactionShape = z.object({
  txid: hash,
  deltaSat: z.string().regex(/^(?:0|-?[1-9]\d*)$/),
  feeSat: sat.nullable(),
  height: count.nullable(),
  label: z.string(),
});
export const utxoShape = z.object({
  outpoint,
  amountSat: sat,
  address: z.string(),
  label: z.string(),
  height: count.nullable(),
  status: z.enum(["confirmed", "unconfirmed", "immature", "locked", "reserved"]),
  reservedFor: z.string().nullable(),
});
export const psbtShape = z.object({
  psbt: z.string(),
  txid: hash,
  feeSat: sat.nullable(),
  inputs: z.array(
    z.object({
      outpoint,
      amountSat: sat.nullable(),
      address: z.string().nullable(),
      ours: z.boolean(),
      signed: z.boolean(),
    }),
  ),
  outputs: z.array(z.object({ amountSat: sat, address: z.string().nullable(), ours: z.boolean() })),
  tx: hex.nullable(),
});

export const peerShape = z.object({
  id: nodeId,
  address: z.string(),
  connected: z.boolean(),
  inbound: z.boolean(),
  features: hex,
});
export const channelShape = z.object({
  id: z.string().regex(/^ch_[0-9a-f]{64}$/),
  peer: nodeId,
  state: z.string(),
  active: z.boolean(),
  opener: z.enum(["local", "remote"]),
  announced: z.boolean(),
  channelType: z.array(z.enum(["static_remotekey", "anchors", "scid_alias", "zeroconf"])),
  shortChannelId: scid.nullable(),
  localAlias: scid.nullable(),
  remoteAlias: scid.nullable(),
  funding: outpoint.nullable(),
  capacitySat: sat,
  localMsat: msat,
  remoteMsat: msat,
  spendableMsat: msat,
  receivableMsat: msat,
  htlcs: count,
  localCommitmentNumber: amount,
  remoteCommitmentNumber: amount,
  closeAddress: z.string().nullable(),
  closingTxid: hash.nullable(),
  splices: z.array(z.object({ txid: hash, capacitySat: sat, confirmed: z.boolean() })),
});
export const explanationShape = z.object({
  id: z.string().regex(/^ch_[0-9a-f]{64}$/),
  cause: z.enum([
    "open",
    "agreement",
    "requested",
    "fault",
    "deadline",
    "peer_error",
    "data_lost",
    "funding_spent",
    "restored",
  ]),
  why: z.string(),
  since: count.nullable(),
  closing: z
    .object({
      txid: hash,
      height: count,
      by: z.enum(["local", "remote", "revoked", "future", "mutual"]),
      what: z.string(),
    })
    .nullable(),
  outputs: z.array(
    z.object({
      outpoint,
      amountSat: sat,
      what: z.string(),
      status: z.enum(["waiting", "claimable", "no_preimage", "uneconomical", "spent"]),
      height: count.nullable(),
      txid: hash.nullable(),
    }),
  ),
});
export const graphNodeShape = z.object({
  id: nodeId,
  alias: z.string(),
  addresses: z.array(z.string()),
  channels: count,
});
const policyShape = z.object({
  feeBaseMsat: msat,
  feePpm: count,
  cltvExpiryDelta: count,
  htlcMinimumMsat: msat,
  htlcMaximumMsat: msat,
  disabled: z.boolean(),
  updatedAt: time,
});
export const graphChannelShape = z.object({
  shortChannelId: scid,
  nodes: z.tuple([nodeId, nodeId]),
  capacitySat: sat.nullable(),
  policies: z.tuple([policyShape.nullable(), policyShape.nullable()]),
});
export const quoteShape = z.object({
  amountMsat: msat,
  feeMsat: msat,
  hops: z.array(z.object({ nodeId, shortChannelId: scid, amountMsat: msat, expiry: count })),
});

/** What a viewer has to know before paying: for anybody to read. */
export const filmShape = z.object({
  id: z.string(),
  title: z.string(),
  payee: nodeId,
  units: count,
  unitSeconds: z.number(),
  priceMsatPerUnit: msat,
  freeUnits: count,
  windowUnits: count,
});
export const streamShape = filmShape.omit({ payee: true }).extend({ sessions: count, earnedMsat: msat });
export const subscriptionShape = z.object({
  id: z.string(),
  stream: z.string(),
  site: z.string(),
  payee: nodeId,
  state: z.enum(["open", "paused", "closed"]),
  priceMsatPerUnit: msat,
  feeMsatPerUnit: msat.nullable(),
  paidMsat: msat,
  feesMsat: msat,
  owedMsat: msat,
  capMsat: msat,
  windowUnits: count,
  units: count,
  unlocked: z.array(count),
});
export const receiptShape = z.object({
  stream: z.string(),
  units: count,
  paidMsat: msat,
  firstPreimage: hash.nullable(),
  lastPreimage: hash.nullable(),
  payerSignature: hex,
  payeeSignature: hex.nullable(),
});
export const loginLinkShape = z.object({ code: z.string(), expiresAt: time });
export const loginShape = z.object({ id: z.string(), scopes: z.array(z.string()), expiresAt: time });
export const problemShape = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code,
  instance: z.string(),
  requestId: z.string(),
  retryable: z.boolean(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string(), in: z.string().optional() })).optional(),
  hint: z.string().optional(),
  reason: code.optional(),
});
