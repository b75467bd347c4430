import { idBytes, type PaymentHash, type Preimage, shortChannelId } from "../../src/base/ids.ts";
import { assert, type Result } from "../../src/base/result.ts";
import { atMostAll, type CltvExpiry, type Msat } from "../../src/base/units.ts";
import type { UnknownRecord } from "../../src/codec/tlv.ts";
import { HOPS_MAX, type Route, type RouteHop } from "../path/route.ts";
import { encodeFinalPayload, encodeForwardPayload } from "./payload.ts";
import {
  buildPacket,
  PAYLOADS_BYTES,
  type Packet,
  type PacketRefusal,
  sharedSecretsOf,
  sizeInPacket,
} from "./sphinx.ts";

/** What the payee finds, beside the amount and the expiry of the route's last hop. */
export interface FinalContent {
  /** 32 bytes, from the invoice. Undefined where there is none. */
  readonly paymentSecret: Uint8Array | undefined;
  /** Of all parts together; without it the route's own amount. */
  readonly totalMsat?: Msat | undefined;
  readonly paymentMetadata: Uint8Array | undefined;
  readonly keysendPreimage?: Preimage | undefined;
  /** Records of applications, with types above 65,535; of an even one the payee has to know what it means. */
  readonly customRecords: readonly UnknownRecord[];
}

/**
 * The onion of a payment: each node on the way finds the next channel, the amount and the expiry to use there, and
 * nothing else; the payee finds what it needs to know its invoice again.
 *
 * @param sessionKey 32 random bytes, used for this onion only
 * @returns the onion and the secrets that read its failures; refused when the payee's records are too long for the
 *          1,300 bytes that all hops share, or a node id is no point of the curve
 *
 * Source: BOLT 4 §Packet Construction, BOLT 4 §Payload for the Last Node.
 */
export function buildOnion(
  route: Route,
  sessionKey: Uint8Array,
  paymentHash: PaymentHash,
  final: FinalContent,
): Result<Packet, PacketRefusal> {
  const { hops } = route;
  assert(hops.length > 0, "a route has a hop");
  const packetHops = hops.map((hop, index) => ({
    nodeId: idBytes(hop.nodeId),
    payload: payloadFor(hop, hops[index + 1], final),
  }));
  return buildPacket(packetHops, sessionKey, idBytes(paymentHash));
}

function payloadFor(hop: RouteHop, next: RouteHop | undefined, final: FinalContent): Uint8Array {
  return next === undefined ? finalPayload(hop, final) : forwardPayload(next);
}
const forwardPayload = ({ amount, expiry, shortChannelId }: Omit<RouteHop, "nodeId">): Uint8Array =>
  encodeForwardPayload({ amtToForward: amount, outgoingCltvValue: expiry, shortChannelId });
function finalPayload(hop: Pick<RouteHop, "amount" | "expiry">, final: FinalContent): Uint8Array {
  const { paymentSecret, paymentMetadata, keysendPreimage, customRecords } = final;
  return encodeFinalPayload({
    amtToForward: hop.amount,
    outgoingCltvValue: hop.expiry,
    paymentSecret,
    totalMsat: final.totalMsat ?? hop.amount,
    paymentMetadata,
    keysendPreimage,
    customRecords,
  });
}

/** What no HTLC of a payment goes beyond. */
export interface PaymentBounds {
  /** What the payee gets. */
  readonly amount: Msat;
  readonly maxFee: Msat;
  readonly maxExpiry: CltvExpiry;
}
/** The most hops for which there is room beside what the payee is told; 0 where that alone is too long. BOLT 4 §Packet Structure. */
export function hopsThatFit({ amount, maxFee, maxExpiry: expiry }: PaymentBounds, final: FinalContent): number {
  const left = PAYLOADS_BYTES - sizeInPacket(finalPayload({ amount, expiry }, final));
  if (left < 0) return 0;
  const longest = { amount: atMostAll(amount + maxFee), expiry, shortChannelId: shortChannelId(0, 0, 0) };
  return Math.min(HOPS_MAX, 1 + Math.floor(left / sizeInPacket(forwardPayload(longest))));
}

/** The secrets of an onion that `buildOnion` made, again: for reading a failure after a restart. BOLT 4 §Shared Secret. */
export function sharedSecretsOfRoute(route: Route, sessionKey: Uint8Array): readonly Uint8Array[] {
  const secrets = sharedSecretsOf(
    route.hops.map((hop) => idBytes(hop.nodeId)),
    sessionKey,
  );
  assert(secrets.ok, "the route of an onion that was built");
  return secrets.value;
}
