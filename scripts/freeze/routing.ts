import { encodeShortIds } from "../../routing/gossip/short-ids.ts";
import { attribute, FULFILLED } from "../../routing/onion/attribution.ts";
import { attributeFailure, createFailure, wrapFailure } from "../../routing/onion/failure.ts";
import { encodeFailure, FAILURES } from "../../routing/onion/failure-messages.ts";
import { deriveKey } from "../../routing/onion/keys.ts";
import { encodeFinalPayload, encodeForwardPayload, PAYLOAD_RECORDS } from "../../routing/onion/payload.ts";
import { buildPacket } from "../../routing/onion/sphinx.ts";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import {
  type BlockHash,
  formatShortChannelId,
  hashBytes,
  type ShortChannelId,
  shortChannelId,
} from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { cltvExpiry, msat } from "../../src/base/units.ts";
import { type Codec, encode, type Shape } from "../../src/codec/codec.ts";
import { bigSize } from "../../src/codec/varint.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { encodeMessage, type WireMessage } from "../../src/wire/registry.ts";
import type { AttributionData } from "../../src/wire/updates.ts";
import type { Freezer } from "../freeze-vectors.ts";
import { routingExample } from "./routing-example.ts";

/** Secrets of our own: the hash of a word and a number. */
const secretOf = (word: string, number = 0): Uint8Array =>
  sha256(new TextEncoder().encode(`sluice frozen ${word} ${number}`));
const HOPS = 5;
const SESSION_KEY = secretOf("session");
const ASSOCIATED_DATA = secretOf("payment");
const NODE_SECRETS = Array.from({ length: HOPS }, (_, index) => secretOf("node", index));

/** Payloads of several lengths, one of them above 252 bytes. */
function payloadOf(hop: number): Uint8Array {
  const amtToForward = msat(BigInt(50_000 - 1_000 * hop));
  const outgoingCltvValue = cltvExpiry(4_000 - 40 * hop);
  if (hop < HOPS - 1)
    return encodeForwardPayload({ amtToForward, outgoingCltvValue, shortChannelId: shortChannelId(hop + 9, hop, 1) });
  return encodeFinalPayload({
    amtToForward,
    outgoingCltvValue,
    paymentSecret: secretOf("secret"),
    totalMsat: amtToForward,
    paymentMetadata: undefined,
    keysendPreimage: undefined,
    customRecords: [{ type: 658_112_311n, value: new Uint8Array(300).fill(0x5a) }],
  });
}
const packetHops = () =>
  NODE_SECRETS.map((secret, hop) => ({ nodeId: secp256k1.publicKey(secret), payload: payloadOf(hop) }));
function packet() {
  const built = buildPacket(packetHops(), SESSION_KEY, ASSOCIATED_DATA);
  return present(built.ok ? built.value : undefined, "a packet of our own");
}

const onionTest = () => ({
  generate: {
    session_key: toHex(SESSION_KEY),
    associated_data: toHex(ASSOCIATED_DATA),
    hops: packetHops().map(({ nodeId, payload }) => ({
      pubkey: toHex(nodeId),
      payload: toHex(concat(encode(bigSize, BigInt(payload.length)), payload)),
    })),
  },
  onion: toHex(packet().onion),
  decode: NODE_SECRETS.map(toHex),
});

function onionErrorTest(): unknown {
  const { sharedSecrets } = packet();
  const last = present(sharedSecrets[HOPS - 1], "the last hop's secret");
  let reason = createFailure(last, { name: "temporary_node_failure" });
  for (const secret of sharedSecrets.slice(0, -1).reverse()) reason = wrapFailure(secret, reason);
  return {
    generate: {
      session_key: toHex(SESSION_KEY),
      failure_message: toHex(encodeFailure({ name: "temporary_node_failure" })),
      hops: packetHops().map(({ nodeId }, hop) => {
        const secret = present(sharedSecrets[hop], "a hop's secret");
        const um = hop === HOPS - 1 ? { um_key: toHex(deriveKey("um", secret)) } : {};
        const ammag_key = toHex(deriveKey("ammag", secret));
        return { pubkey: toHex(nodeId), hop_shared_secret: toHex(secret), ammag_key, ...um };
      }),
    },
    errorpacket: toHex(reason),
  };
}

function attributionData(): unknown {
  const { sharedSecrets } = packet();
  const secrets = [...sharedSecrets].reverse();
  const holdTimes = secrets.map((_, index) => 3 * index + 1);
  const last = present(secrets[0], "the last hop's secret");
  const raw = wrapFailure(last, createFailure(last, { name: "temporary_node_failure" }));
  const hex = ({ htlc_hold_times, truncated_hmacs }: AttributionData) =>
    toHex(concat(htlc_hold_times, truncated_hmacs));
  let reason = raw;
  let failed: AttributionData | undefined;
  let fulfilled: AttributionData | undefined;
  const trace: object[] = [{ step: "create", shared_secret: toHex(last), raw_error_packet: toHex(raw) }];
  const fulfill_attribution_data: object[] = [];
  for (const [index, secret] of secrets.entries()) {
    const held = present(holdTimes[index], "a hold time");
    reason = wrapFailure(secret, reason);
    failed = attributeFailure(secret, reason, held, failed);
    fulfilled = attribute(secret, FULFILLED, held, fulfilled);
    const error_packet = toHex(reason);
    trace.push({ step: "forward", shared_secret: toHex(secret), error_packet, attribution_data: hex(failed) });
    fulfill_attribution_data.push({ node: HOPS - 1 - index, attribution_data: hex(fulfilled) });
  }
  const hops = [...holdTimes].reverse().map((htlc_hold_time, index) => ({ index, htlc_hold_time }));
  return { hops, trace, fulfill_attribution_data };
}

/** Our declarations in the layout of the extract from the BOLTs: these two have no place in the messages' own set. */
const failureMessages = () => ({
  failure_messages: FAILURES.map(({ name, type, fields }) => ({
    name,
    code: type,
    fields: Object.entries<Codec<unknown>>(fields).flatMap(([field, codec]) => specField(field, codec.shape)),
  })),
  tlv_streams: {
    "4:payload": Object.entries(PAYLOAD_RECORDS).map(([name, { type }]) => ({ name, type: String(type) })),
  },
});
function specField(name: string, shape: Shape): readonly object[] {
  if (shape.kind === "prefixed")
    return [
      { name: "len", type: "u16" },
      { name, type: "byte", count: "len" },
    ];
  if (shape.kind === "bytes") return [{ name, type: "sha256" }];
  return [{ name, type: shape.kind === "uint" ? `u${shape.bits}` : shape.kind }];
}

const CHAIN = toHex(secretOf("chain")) as BlockHash;
const chainHash = toHex(hashBytes(CHAIN));
const IDS: readonly ShortChannelId[] = [
  shortChannelId(0, 3, 7),
  shortChannelId(500, 0, 1),
  shortChannelId(70_000, 9, 2),
];
const shortChannelIds = { array: IDS.map(formatShortChannelId), encoding: "UNCOMPRESSED" };
/** Numbers in the order of channels, two each. */
const u32s = (numbers: readonly number[]): string =>
  numbers.map((number) => number.toString(16).padStart(8, "0")).join("");

function queries(): unknown {
  const blocks = { firstBlockNum: 4_000, numberOfBlocks: 250 };
  const range = { chain_hash: CHAIN, first_blocknum: 4_000, number_of_blocks: 250 };
  const ids = { chain_hash: CHAIN, encoded_short_ids: encodeShortIds(IDS) };
  const timestamps = [11, 12, 13, 14, 15, 16];
  const cases: readonly (readonly [WireMessage, object])[] = [
    [
      { name: "query_channel_range", ...range },
      { type: "QueryChannelRange", ...blocks },
    ],
    [
      { name: "query_channel_range", ...range, query_option: 3n },
      { type: "QueryChannelRange", ...blocks },
    ],
    [
      { name: "reply_channel_range", ...range, ...ids, sync_complete: 1 },
      { type: "ReplyChannelRange", ...blocks, complete: 1, shortChannelIds },
    ],
    [
      {
        name: "reply_channel_range",
        ...range,
        ...ids,
        sync_complete: 0,
        timestamps_tlv: { encoding_type: 0, encoded_timestamps: fromHex(u32s(timestamps)) },
      },
      { type: "ReplyChannelRange", ...blocks, complete: 0, shortChannelIds },
    ],
    [
      { name: "query_short_channel_ids", ...ids },
      { type: "QueryShortChannelIds", shortChannelIds },
    ],
  ];
  return { cases: cases.map(([message, msg]) => ({ hex: toHex(encodeMessage(message)), msg: { chainHash, ...msg } })) };
}

export const freezers: readonly Freezer[] = [
  { path: "bolts/bolt04/onion-test.json", make: onionTest },
  { path: "bolts/bolt04/onion-error-test.json", make: onionErrorTest },
  { path: "bolts/bolt04/attribution-data.json", make: attributionData },
  { path: "bolts/bolt04/failure-messages.json", make: failureMessages },
  { path: "bolts/bolt07/extended-queries-no-zlib.json", make: queries },
  { path: "bolts/bolt07/routing-fees-and-scid.json", make: routingExample },
];
