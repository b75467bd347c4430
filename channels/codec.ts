import { err, type Result } from "../src/base/result.ts";
import { tx } from "../src/bitcoin/tx.ts";
import {
  type Codec,
  decode,
  encode,
  listOf,
  optional,
  refine,
  struct,
  union,
  type ValueOf,
} from "../src/codec/codec.ts";
import { ByteWriter, DecodeError } from "../src/codec/io.ts";
import {
  amountMsat,
  amountSat,
  bytes,
  bytesOf,
  channelId,
  enumeration,
  expiry,
  feerate,
  flag,
  height,
  nodeId,
  paymentHash,
  point,
  preimage,
  shortChannelId,
  signature,
  text,
  txid,
  u8,
  u16,
  u32,
  u64,
} from "../src/codec/primitives.ts";
import { OFFERED_STEPS, RECEIVED_STEPS } from "./changes.ts";
import type { Htlc, HtlcOrigin, HtlcStep, OfferedStep, ReceivedStep, Removal } from "./htlc.ts";
import { secretStore } from "./keys/commitment-secrets.ts";
import type { ChannelParams, SideParams } from "./params.ts";
import {
  type ClosePlan,
  type Commitments,
  type DurableState,
  type Funded,
  OFFLINE,
  type SignedClose,
} from "./state.ts";
import type { CommitmentHtlc } from "./tx/commitment.ts";

/** In front of every record. A decoder for a version that was ever written is never removed. */
const VERSION = 2;
const REVOKED_VERSION = 1;

const nothing = struct({});

/** States share their parts: one that has been written before is copied, not encoded again. */
function once<T extends object>(codec: Codec<T>): Codec<T> {
  const written = new WeakMap<T, Uint8Array>();
  return {
    ...codec,
    write: (writer, value) => {
      const known = written.get(value);
      const encoded = known ?? encode(codec, value);
      if (known === undefined) written.set(value, encoded);
      writer.bytes(encoded);
    },
  };
}

const basepoints = struct({
  fundingPubkey: point,
  revocationBasepoint: point,
  paymentBasepoint: point,
  delayedPaymentBasepoint: point,
  htlcBasepoint: point,
});
const script = bytesOf(u16);
const side: Codec<SideParams> = struct({
  basepoints,
  dustLimit: amountSat,
  maxHtlcValueInFlight: u64,
  channelReserve: amountSat,
  htlcMinimum: amountMsat,
  toSelfDelay: u16,
  maxAcceptedHtlcs: u16,
  upfrontShutdownScript: optional(script),
});
const outpoint = struct({ txid, vout: u16 });
const params: Codec<ChannelParams> = once(
  struct({
    channelId,
    temporaryChannelId: channelId,
    remoteNodeId: nodeId,
    opener: enumeration("opener", "local", "remote"),
    announce: flag,
    funding: outpoint,
    capacity: amountSat,
    minimumDepth: u32,
    keyIndex: u32,
    local: side,
    remote: side,
  }),
);

const origin: Codec<HtlcOrigin> = union(u8, {
  payment: [0, struct({ paymentId: text, attempt: u32 })],
  relay: [1, struct({ channelId, htlcId: u64 })],
});
const removal: Codec<Removal> = union(u8, {
  fulfilled: [0, struct({ preimage })],
  failed: [1, struct({ reason: bytesOf(u16) })],
  malformed: [2, struct({ code: u16, sha256OfOnion: bytes(32) })],
});
const offeredStep: Codec<OfferedStep> = enumeration("offered_step", ...OFFERED_STEPS);
const receivedStep: Codec<ReceivedStep> = enumeration("received_step", ...RECEIVED_STEPS);
const htlcTerms = {
  id: u64,
  amount: amountMsat,
  paymentHash,
  expiry,
  onion: bytesOf(u16),
  removal: optional(removal),
};
const taggedHtlc = union(u8, {
  offered: [0, struct({ ...htlcTerms, step: offeredStep, origin, preimage: optional(preimage) })],
  received: [1, struct({ ...htlcTerms, step: receivedStep })],
});
const htlc: Codec<Htlc> = once(
  refine(
    "htlc",
    taggedHtlc,
    ({ tag, ...rest }) => ({ side: tag, ...rest }) as Htlc,
    ({ side: tag, ...rest }) => ({ tag, ...rest }) as ValueOf<typeof taggedHtlc>,
  ),
);

/** A step of either life in one byte: that of a received HTLC behind those of an offered one. */
const feeStep: Codec<HtlcStep> = enumeration("fee_step", ...OFFERED_STEPS, ...RECEIVED_STEPS);
const signatures = struct({ signature, htlcSignatures: listOf(u16, signature) });
const updateRef = union(u8, {
  add: [0, struct({ id: u64 })],
  remove: [1, struct({ id: u64 })],
  fee: [2, nothing],
});
const commitments: Codec<Commitments> = struct({
  balance: struct({ local: amountMsat, remote: amountMsat }),
  feerate,
  feeUpdates: listOf(u8, struct({ feerate, step: feeStep })),
  htlcs: listOf(u16, htlc),
  local: struct({ number: u64, signatures }),
  remote: struct({ number: u64, point, txid }),
  remoteNextPoint: optional(point),
  sent: optional(struct({ txid, signatures, updates: listOf(u16, updateRef) })),
  proposed: listOf(u16, updateRef),
  nextOfferedId: u64,
  nextReceivedId: u64,
  secrets: once(secretStore),
  lastSent: enumeration("last_sent", "neither", "commitment_signed", "revoke_and_ack"),
});

const pair = struct({ nodeSignature: signature, bitcoinSignature: signature });
const fundedFields = {
  params,
  commitments,
  funding: struct({
    since: height,
    confirmed: optional(struct({ height, shortChannelId })),
    deep: flag,
    tx: optional(tx),
  }),
  ready: struct({ local: flag, remote: flag }),
  remoteAlias: optional(shortChannelId),
  announcement: struct({ local: optional(pair), remote: optional(pair) }),
};
/** A channel is loaded without a connection. */
const offlineOnLoad = <T extends object>(codec: Codec<T>): Codec<T & Pick<Funded, "link">> =>
  refine(
    "offline",
    codec,
    (value) => ({ ...value, link: OFFLINE }),
    (value) => value,
  );
const funded = <F extends Readonly<Record<string, Codec<unknown>>>>(extra: F) =>
  offlineOnLoad(struct({ ...fundedFields, ...extra }));

const close: Codec<ClosePlan> = struct({
  localScript: optional(script),
  remoteScript: optional(script),
  localSent: flag,
  feerate,
});
const outputs = enumeration("closing_outputs", "both", "local", "remote");
const signedClose: Codec<SignedClose> = struct({ fee: amountSat, outputs, txid, signature });
const seen = optional(struct({ txid, height }));
const cause = union(u8, {
  fault: [0, struct({ text })],
  peer_error: [1, struct({ text })],
  data_lost: [2, nothing],
  funding_spent: [3, nothing],
  requested: [4, nothing],
  deadline: [5, struct({ side: enumeration("htlc_side", "offered", "received"), id: u64, expiry })],
});
const commitmentHtlc: Codec<CommitmentHtlc> = struct({
  id: u64,
  side: enumeration("htlc_side", "offered", "received"),
  amount: amountMsat,
  paymentHash,
  expiry,
});
const onChain = {
  cause,
  failedAt: optional(height),
  mutual: optional(tx),
  commitment: optional(tx),
  spends: listOf(u16, once(struct({ outpoint, tx, height }))),
  revoked: optional(struct({ number: u64, htlcs: listOf(u16, commitmentHtlc) })),
  givenUp: listOf(u16, u64),
};
/** What a record of version 1 says of a failed channel: the chain, watched again, tells the rest once more. */
const NOTHING_ON_CHAIN = {
  failedAt: undefined,
  mutual: undefined,
  commitment: undefined,
  spends: [],
  revoked: undefined,
  givenUp: [],
};
const failedV1 = refine(
  "failed_v1",
  funded({ cause, spent: seen }),
  ({ spent: _spent, ...kept }) => ({ ...kept, ...NOTHING_ON_CHAIN }),
  (value) => ({ ...value, spent: undefined }),
);

const states = {
  WaitForFundingConfirmed: [0, funded({})],
  WaitForChannelReady: [1, funded({})],
  Normal: [2, funded({})],
  ShuttingDown: [3, funded({ close })],
  Negotiating: [4, funded({ close, signed: listOf(u8, signedClose) })],
  Closing: [5, funded({ close, signed: listOf(u8, signedClose), tx, confirmed: seen })],
  Closed: [7, struct({ params, closingTxid: optional(txid) })],
} as const;
const stateV1 = union(u8, { ...states, Failed: [6, failedV1] });
const stateV2 = union(u8, { ...states, Failed: [6, funded(onChain)] });

/** The record of a channel: everything but the connection. */
export function encodeChannel(state: DurableState): Uint8Array {
  const writer = new ByteWriter(RECORD_BYTES);
  versioned.write(writer, { version: VERSION, state: state as ValueOf<typeof stateV2> });
  return writer.finish();
}
/** Room for a channel with a hundred HTLCs: most records never have to be moved while they are written. */
const RECORD_BYTES = 16_384;
const versioned = struct({ version: u8, state: stateV2 });
const versionedV1 = struct({ version: u8, state: stateV1 });

/** The channel of a record, without a connection. */
export function decodeChannel(record: Uint8Array): Result<DurableState, DecodeError> {
  const [version] = record;
  if (version !== VERSION && version !== 1) return err(new DecodeError("out_of_range", "version"));
  const decoded = version === 1 ? decode(versionedV1, record) : decode(versioned, record);
  return decoded.ok ? { ok: true, value: decoded.value.state as DurableState } : decoded;
}

/** The record of `RevokedHtlcs`: what has to be known of one revoked commitment to punish it. */
export const revokedHtlcs: Codec<readonly CommitmentHtlc[]> = refine(
  "revoked_htlcs",
  struct({ version: u8, htlcs: listOf(u16, commitmentHtlc) }),
  ({ version, htlcs }) => (version === REVOKED_VERSION ? htlcs : undefined),
  (htlcs) => ({ version: REVOKED_VERSION, htlcs }),
);
