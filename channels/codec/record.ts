import { err, type Result } from "../../src/base/result.ts";
import { tx } from "../../src/bitcoin/tx.ts";
import { type Codec, decode, listOf, optional, refine, struct, union, type ValueOf } from "../../src/codec/codec.ts";
import { ByteWriter, DecodeError } from "../../src/codec/io.ts";
import { height, txid, u8, u16 } from "../../src/codec/primitives.ts";
import { NO_SIMPLE_CLOSE } from "../close/state.ts";
import type { DurableState } from "../state.ts";
import type { CommitmentHtlc } from "../tx/commitment.ts";
import { attempts, noAttempts, unsigned } from "./attempts.ts";
import { commitments, commitmentsV2 } from "./commitments.ts";
import { cause, close, NOTHING_ON_CHAIN, onChain, signedClose, simpleClose, spends } from "./ending.ts";
import { funded, type Parts } from "./funded.ts";
import { restoredFundings } from "./fundings.ts";
import { params, paramsV2, restoredParams } from "./params.ts";
import { commitmentHtlc, older, seen } from "./parts.ts";

/** In front of every record. A decoder for a version that was ever written is never removed. */
const VERSION = 3;
const REVOKED_VERSION = 1;

const V2: Parts = { params: paramsV2, commitments: commitmentsV2, attempts: noAttempts };
const V3: Parts = { params, commitments, attempts };
/** The states that every version has, over what that version writes in its own way. */
const statesOf = (of: Parts) =>
  ({
    WaitForFundingConfirmed: [0, funded(of, {})],
    WaitForChannelReady: [1, funded(of, {})],
    Normal: [2, funded(of, {})],
    ShuttingDown: [3, funded(of, { close })],
    Closed: [7, struct({ params: of.params, closingTxid: optional(txid) })],
  }) as const;
const agreeing = { close, signed: listOf(u8, signedClose) };
const agreed = { tx, confirmed: seen };
/** Of versions 1 and 2. */
const agreementsV2 = {
  Negotiating: [4, older(funded(V2, agreeing), { simple: NO_SIMPLE_CLOSE })],
  Closing: [5, older(funded(V2, { ...agreeing, ...agreed }), { simple: NO_SIMPLE_CLOSE })],
} as const;
const failedV1 = refine(
  "failed_v1",
  funded(V2, { cause, spent: seen }),
  ({ spent: _spent, ...kept }) => ({ ...kept, ...NOTHING_ON_CHAIN }),
  (value) => ({ ...value, spent: undefined }),
);
const stateV1 = union(u8, { ...statesOf(V2), ...agreementsV2, Failed: [6, failedV1] });
const stateV2 = union(u8, { ...statesOf(V2), ...agreementsV2, Failed: [6, funded(V2, onChain)] });
const state = union(u8, {
  ...statesOf(V3),
  Negotiating: [4, funded(V3, { ...agreeing, simple: simpleClose })],
  Closing: [5, funded(V3, { ...agreeing, simple: simpleClose, ...agreed })],
  Failed: [6, funded(V3, onChain)],
  Restored: [8, struct({ params: restoredParams, others: restoredFundings, since: height, spends })],
  WaitForFundingSignatures: [9, unsigned],
});

const STATE_OF_VERSION: Readonly<Record<number, Codec<object>>> = { 1: stateV1, 2: stateV2, [VERSION]: state };

/** The record of a channel: everything but the connection. */
export function encodeChannel(durable: DurableState): Uint8Array {
  const writer = new ByteWriter(RECORD_BYTES);
  writer.u8(VERSION);
  state.write(writer, durable as ValueOf<typeof state>);
  return writer.finish();
}
/** Room for a channel with a hundred HTLCs: most records never have to be moved while they are written. */
const RECORD_BYTES = 16_384;

/** The channel of a record, without a connection. */
export function decodeChannel(record: Uint8Array): Result<DurableState, DecodeError> {
  const reader = STATE_OF_VERSION[record[0] ?? 0];
  if (reader === undefined) return err(new DecodeError("out_of_range", "version"));
  return decode(reader, record.subarray(1)) as Result<DurableState, DecodeError>;
}

/** The record of `RevokedHtlcs`: what has to be known of one revoked commitment to punish it. */
export const revokedHtlcs: Codec<readonly CommitmentHtlc[]> = refine(
  "revoked_htlcs",
  struct({ version: u8, htlcs: listOf(u16, commitmentHtlc) }),
  ({ version, htlcs }) => (version === REVOKED_VERSION ? htlcs : undefined),
  (htlcs) => ({ version: REVOKED_VERSION, htlcs }),
);
