import { tx } from "../../src/bitcoin/tx.ts";
import { type Codec, listOf, optional, struct } from "../../src/codec/codec.ts";
import {
  amountSat,
  enumeration,
  feerate,
  flag,
  height,
  i64,
  point,
  shortChannelId,
  signature,
  txid,
  u8,
  u16,
  u64,
} from "../../src/codec/primitives.ts";
import type { FundingTerms, OtherFunding } from "../fundings/other.ts";
import type { RestoredFunding } from "../restored/state.ts";
import type { SpliceTx } from "../splice/state.ts";
import type { FundingProgress } from "../state.ts";
import { constructed, witnesses } from "./attempts.ts";
import { once, outpoint } from "./parts.ts";

export const signatures = struct({ signature, htlcSignatures: listOf(u16, signature) });
export const progress: Codec<FundingProgress> = struct({
  since: height,
  confirmed: optional(struct({ height, shortChannelId })),
  deep: flag,
  tx: optional(tx),
});
const place = { outpoint, capacity: amountSat, keys: struct({ local: point, remote: point }) };
export const restoredFundings: Codec<readonly RestoredFunding[]> = listOf(u8, struct(place));
const terms: Codec<FundingTerms> = once(
  struct({
    ...place,
    reserves: struct({ local: amountSat, remote: amountSat }),
  }),
);
const made: Codec<SpliceTx> = once(
  struct({
    constructed,
    feerate,
    sent: signatures,
    received: flag,
    witnesses,
    signature: optional(signature),
    remote: optional(struct({ witnesses, signature })),
  }),
);
const other: Codec<OtherFunding> = struct({
  role: enumeration("funding_role", "signing", "active", "past"),
  terms,
  shift: struct({ local: i64, remote: i64 }),
  local: struct({ number: u64, signatures }),
  remote: struct({ number: u64, txid }),
  sent: optional(struct({ txid, signatures })),
  progress,
  locked: struct({ local: flag, remote: flag }),
  made: optional(made),
});
export const others: Codec<readonly OtherFunding[]> = listOf(u8, other);
