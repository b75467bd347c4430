import { toHex } from "../../src/base/bytes.ts";
import { idBytes } from "../../src/base/ids.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { keychainOf } from "../../src/daemon/keychain.ts";
import { streamMaster } from "../../src/daemon/signer/local-signer.ts";
import { contentSecret, sessionSecrets, slotKey, tickPreimage } from "../../src/streams/keys.ts";
import { parseSessionId, type SessionId } from "../../src/streams/session.ts";
import type { Capture, Exchange } from "./leaks.ts";

/** What the captured conversation with the site says of one session. */
export interface Conversation {
  readonly session: SessionId;
  readonly stream: string;
  readonly units: number;
  readonly offers: readonly Offer[];
  /** Slots whose keys the site gave once more to a viewer that had forgotten them. */
  readonly retold: ReadonlySet<number>;
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

/** Reads the sessions out of the requests and answers. Throws when one that was begun is not all there. */
export function readConversations({ exchanges }: Capture): readonly Conversation[] {
  const bySession = new Map<SessionId, Exchange[]>();
  for (const exchange of exchanges) {
    const session = isJson(exchange.body) ? parseSessionId(String(exchange.body["session"])) : undefined;
    if (session === undefined) continue;
    const known = bySession.get(session);
    if (known === undefined) bySession.set(session, [exchange]);
    else known.push(exchange);
  }
  return [...bySession].flatMap(([session, all]) => conversationOf(session, all) ?? []);
}
function conversationOf(session: SessionId, exchanges: readonly Exchange[]): Conversation | undefined {
  const offers: Offer[] = [];
  let terms: Json | undefined;
  let account: Json = NOTHING_PAID;
  const retold = new Set<number>();
  for (const { name, answer } of exchanges) {
    if (!isJson(answer)) continue;
    if (name === "stream.key" && "key" in answer) retold.add(Number(answer["slot"]));
    if ("pricePerUnitMsat" in answer) terms = answer;
    if ("paidMsat" in answer) account = answer;
    if (Array.isArray(answer["offers"])) offers.push(...answer["offers"].map(readOffer));
  }
  // Asked for, and cut off before the site's answer.
  if (terms === undefined && offers.length === 0) return undefined;
  if (terms === undefined) throw new Error(`session ${session} has no terms`);
  if (offers.length > 0 && account === NOTHING_PAID) throw new Error(`session ${session} has no account`);
  return {
    session,
    stream: String(terms["stream"]),
    units: Number(terms["units"]),
    offers,
    retold,
    ticks: BigInt(String(account["sequence"])),
    paidMsat: BigInt(String(account["paidMsat"])),
  };
}
const NOTHING_PAID: Json = { sequence: "0", paidMsat: "0" };
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
 * Every secret that the conversation was about, from the site's words: the key of each unit, but for those that were paid
 * and told again, and the preimage of each offer that was not paid. Throws when an offer's hash is not that of its preimage: then these would be the wrong secrets.
 */
export function secretsOf(conversation: Conversation, siteWords: string): readonly Uint8Array[] {
  const master = streamMaster(keychainOf(siteWords, "regtest").nodeSecret);
  const content = contentSecret(master, conversation.stream);
  const secrets = sessionSecrets(master, conversation.session);
  const ticks = paidTicks(conversation);
  const paid = new Set(ticks.map(({ paymentHash }) => paymentHash));
  const bought = new Set(ticks.flatMap(({ slots }) => slots));
  const slots = Array.from({ length: conversation.units }, (_, slot) => slot);
  const secret = slots.filter((slot) => !(bought.has(slot) && conversation.retold.has(slot)));
  const keys = secret.map((slot) => slotKey(content, conversation.stream, slot));
  const preimages = conversation.offers.flatMap((offer) => {
    const preimage = idBytes(tickPreimage(secrets, offer));
    if (toHex(sha256(preimage)) !== offer.paymentHash) throw new Error("an offer's hash is not its preimage's");
    return paid.has(offer.paymentHash) ? [] : [preimage];
  });
  return [...keys, ...preimages, content, secrets.preimages, master];
}
