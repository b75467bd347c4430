import { toHex } from "../../src/base/bytes.ts";
import { idBytes } from "../../src/base/ids.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { keychainOf } from "../../src/daemon/keychain.ts";
import { streamMaster } from "../../src/daemon/site-host.ts";
import { contentSecret, sessionSecrets, slotKey, tickPreimage } from "../../src/streams/keys.ts";
import { parseSessionId, type SessionId } from "../../src/streams/session.ts";
import type { Capture } from "./leaks.ts";

/** What the captured conversation with the site says of the stream. */
export interface Conversation {
  readonly session: SessionId;
  readonly stream: string;
  readonly units: number;
  readonly offers: readonly Offer[];
  /** The site's account at the close. */
  readonly ticks: bigint;
  readonly paidMsat: bigint;
}
interface Offer {
  readonly sequence: bigint;
  readonly attempt: number;
  readonly slots: readonly number[];
  readonly amountMsat: bigint;
  readonly paymentHash: string;
}

type Json = Record<string, unknown>;
const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null;

/** Reads requests and answers out of the packets. Throws when the conversation is not all there. */
export function readConversation({ packets }: Capture): Conversation {
  const offers: Offer[] = [];
  let terms: Json | undefined;
  let account: Json | undefined;
  let session: SessionId | undefined;
  for (const packet of packets.flat()) {
    if (!isJson(packet)) continue;
    if (typeof packet["session"] === "string") session = parseSessionId(packet["session"]);
    if ("pricePerUnitMsat" in packet) terms = packet;
    if ("paidMsat" in packet) account = packet;
    if (Array.isArray(packet["offers"])) offers.push(...packet["offers"].map(readOffer));
  }
  if (session === undefined || terms === undefined || account === undefined) throw new Error("no whole conversation");
  return {
    session,
    stream: String(terms["stream"]),
    units: Number(terms["units"]),
    offers,
    ticks: BigInt(String(account["sequence"])),
    paidMsat: BigInt(String(account["paidMsat"])),
  };
}
function readOffer(offer: Json): Offer {
  const slots = (offer["slots"] as Json[]).map(({ slot }) => Number(slot));
  return {
    sequence: BigInt(String(offer["sequence"])),
    attempt: Number(offer["attempt"]),
    slots,
    amountMsat: BigInt(String(offer["amountMsat"])),
    paymentHash: String(offer["paymentHash"]),
  };
}

/** Σ of the ticks that were paid: of each sequence the newest offer, as the ones before it were taken back. */
export function paidTicks({ offers, ticks }: Conversation): readonly Offer[] {
  const newest = new Map<bigint, Offer>();
  for (const offer of offers) {
    const known = newest.get(offer.sequence);
    if (offer.sequence < ticks && (known === undefined || known.attempt < offer.attempt)) {
      newest.set(offer.sequence, offer);
    }
  }
  return [...newest.values()];
}

/**
 * Every secret that the conversation was about, from the site's words: the key of each unit, and the preimage of each offer
 * that was not paid. Throws when an offer's hash is not that of its preimage: then these would be the wrong secrets.
 */
export function secretsOf(conversation: Conversation, siteWords: string): readonly Uint8Array[] {
  const master = streamMaster(keychainOf(siteWords, "regtest").nodeSecret);
  const content = contentSecret(master, conversation.stream);
  const secrets = sessionSecrets(master, conversation.session);
  const keys = Array.from({ length: conversation.units }, (_, slot) => slotKey(content, conversation.stream, slot));
  const paid = new Set(paidTicks(conversation).map(({ paymentHash }) => paymentHash));
  const preimages = conversation.offers.flatMap((offer) => {
    const preimage = idBytes(tickPreimage(secrets, offer));
    if (toHex(sha256(preimage)) !== offer.paymentHash) throw new Error("an offer's hash is not its preimage's");
    return paid.has(offer.paymentHash) ? [] : [preimage];
  });
  return [...keys, ...preimages, content, secrets.preimages, master];
}
