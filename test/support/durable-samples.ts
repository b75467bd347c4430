import { localCommitment, specOf } from "../../channels/commitments.ts";
import { lockedOn } from "../../channels/fundings/move.ts";
import { type DurableState, FRESH, keptParams } from "../../channels/index.ts";
import { currentLocal } from "../../channels/onchain/classify.ts";
import { toHex } from "../../src/base/bytes.ts";
import { blockHeight, satPerKw } from "../../src/base/units.ts";
import { txidOf } from "../../src/bitcoin/tx.ts";
import { HEIGHT, normal, ONION, opened, type Pair, SCRIPT } from "./channel-pair.ts";
import { fundedDual, openedDual } from "./dual-pair.ts";
import { spliced } from "./fundings.ts";

const durable = (pair: Pair, name: "a" | "b" = "a"): DurableState => pair.parties[name].state as DurableState;
const closing = (pair: Pair): Pair => {
  pair.give("a", { tag: "Shutdown", script: SCRIPT.a, feerate: satPerKw(500) });
  return pair;
};
/** A channel with HTLCs, fee updates and removals in many steps at once, in both directions. */
function busy(): Pair {
  const pair = normal({ announce: true });
  pair.offer("a", 5_000_000n, 1);
  pair.offer("b", 3_000_000n, 2);
  pair.offer("b", 1_000n, 3);
  pair.offer("b", 2_000n, 4);
  pair.settle();
  pair.give("a", { tag: "FailMalformedHtlc", id: 1n, code: 0xc005, sha256OfOnion: new Uint8Array(32).fill(3) });
  pair.give("a", { tag: "FailHtlc", id: 2n, reason: new Uint8Array(292).fill(1) });
  const relay = { tag: "relay", channelId: pair.parties.a.funded.params.channelId, htlcId: 9n } as const;
  pair.give("a", { tag: "UpdateFee", feerate: satPerKw(2_000) });
  pair.signTurn("a");
  pair.offer("a", 7_000_000n, 6);
  const origin = { tag: "payment", paymentId: "late", attempt: 2 } as const;
  for (const from of [relay, origin]) {
    const [htlc] = pair.parties.a.funded.commitments.htlcs;
    if (htlc === undefined) throw new Error("pending");
    const { amount, paymentHash, expiry } = htlc;
    pair.give("a", { tag: "OfferHtlc", amount, paymentHash, expiry, onion: ONION, origin: from });
  }
  const [first] = [...pair.parties.b.incoming.values()];
  const [received] = [...pair.parties.a.incoming.values()];
  if (first === undefined || received === undefined) throw new Error("committed");
  pair.fulfill("b", first);
  while (pair.deliver("a"));
  pair.fulfill("a", received);
  return pair;
}

/** b has offered an HTLC of a blinded route. */
function blinded(): Pair {
  const pair = normal();
  pair.offer("b", 5_000_000n, 1);
  const add = pair.trace.at(-1)?.message;
  if (add?.name !== "update_add_htlc") throw new Error("offered");
  pair.queues.a.length = 0;
  const pathKey = Uint8Array.of(2, ...new Uint8Array(32).fill(9));
  pair.give("a", { tag: "PeerMessage", message: { ...add, blinded_path: pathKey } });
  pair.settle();
  return pair;
}

/** a's channel when b has published a commitment that it had revoked, with an HTLC in it and one that never was in any. */
function breached(): Pair {
  const pair = normal();
  pair.offer("a", 5_000_000n, 1);
  pair.settle();
  const old = pair.parties.b.funded;
  const { commitment } = localCommitment(
    pair.env("b"),
    old.params,
    old.commitments.local.number,
    specOf(old.commitments, "local"),
  );
  pair.offer("b", 3_000_000n, 2);
  pair.settle();
  pair.offer("a", 1_000_000n, 3);
  pair.give("a", { tag: "FundingSpent", tx: commitment.tx, height: blockHeight(HEIGHT + 10) });
  return pair;
}

/** a's channel as a backup tells of it, when b has closed it. */
function restored(): DurableState {
  const pair = normal();
  const { a, b } = pair.parties;
  const { tx } = currentLocal(pair.env("b"), b.funded);
  const params = keptParams(a.funded.params);
  a.state = FRESH;
  pair.give("a", { tag: "Restore", params, others: [], since: HEIGHT });
  pair.give("a", { tag: "FundingSpent", tx, height: blockHeight(HEIGHT + 10) });
  return durable(pair);
}

/** One splice is locked and one is not, with an HTLC on its way. */
function splicePending(): DurableState {
  const pair = normal();
  const tx = spliced(pair);
  const { a } = pair.parties;
  const locked = lockedOn(a.funded, { txid: txidOf(tx), vout: 0 });
  spliced(pair, { a: 30_000n, b: 10_000n }, 1);
  pair.offer("a", 5_000_000n, 1);
  pair.signTurn("a");
  const { commitments } = a.funded;
  const past = locked.commitments.others;
  return {
    ...a.funded,
    commitments: { ...commitments, others: [...commitments.others.slice(1), ...past] },
  } as DurableState;
}

const settled = (pair: Pair): Pair => {
  pair.settle();
  return pair;
};
/** A channel closed by a transaction of each side's own, for which b has offered more. */
function closedSimply(): Pair {
  const pair = normal();
  pair.features = [...pair.features, 26, 60];
  closing(pair).settle();
  pair.give("b", { tag: "Shutdown", script: SCRIPT.b, feerate: satPerKw(3_000) });
  return pair;
}

/** One of every durable state, and of every shape that a part of it can have. */
export function durableSamples(): Readonly<Record<string, DurableState>> {
  const waiting = settled(opened());
  const ready = settled(opened());
  const confirmed = (pair: Pair): Pair => {
    const output = pair.parties.a.broadcasts[0]?.outputs[1];
    pair.parties.a.height = blockHeight(HEIGHT + 6);
    pair.give("a", { tag: "FundingConfirmed", height: blockHeight(HEIGHT + 1), txIndex: 1, output });
    return pair;
  };
  const shutting = normal();
  shutting.offer("a", 5_000_000n, 1);
  shutting.settle();
  closing(shutting);
  const negotiating = closing(normal());
  negotiating.deliver("b");
  negotiating.deliver("a");
  const closed = settled(closing(normal()));
  const buried = settled(closing(normal()));
  const tx = buried.parties.a.broadcasts.at(-1);
  if (tx === undefined) throw new Error("closed");
  buried.give("a", { tag: "FundingSpent", tx, height: blockHeight(HEIGHT + 10) });
  const seen = durable(buried);
  buried.block(HEIGHT + 200);
  const raised = closedSimply();
  const failed = busy();
  const channel_id = failed.parties.a.funded.params.channelId;
  failed.give("a", { tag: "PeerMessage", message: { name: "error", channel_id, data: new Uint8Array(3).fill(0x61) } });
  const signing = openedDual({ joins: 400_000n });
  while (signing.parties.b.state.tag !== "WaitForFundingConfirmed")
    signing.deliver(signing.queues.b.length > 0 ? "b" : "a");
  const replaced = fundedDual({ joins: 400_000n });
  replaced.give("a", { tag: "BumpFunding", feerate: satPerKw(600) });
  replaced.settle();
  replaced.give("a", { tag: "BumpFunding", feerate: satPerKw(700) });
  while (replaced.parties.a.funded.attempts.next === undefined)
    replaced.deliver(replaced.queues.b.length > 0 ? "b" : "a");
  return {
    "waiting-for-funding-signatures": durable(signing),
    "waiting-for-confirmation-dual": durable(signing, "b"),
    "waiting-for-confirmation-replacing": durable(replaced),
    restored: restored(),
    "waiting-for-confirmation-opener": durable(waiting),
    "waiting-for-confirmation-accepter": durable(waiting, "b"),
    "waiting-for-channel-ready": durable(confirmed(ready)),
    normal: durable(normal()),
    "normal-busy": durable(busy()),
    "normal-blinded": durable(blinded()),
    "shutting-down": durable(shutting),
    negotiating: durable(negotiating),
    closing: durable(closed),
    "closing-confirmed": seen,
    "closing-simple": durable(raised),
    "closing-simple-offered": durable(raised, "b"),
    failed: durable(failed),
    "failed-by-breach": durable(breached()),
    closed: durable(buried),
    "splice-pending": splicePending(),
  };
}

/** As JSON that a person can read: bytes in hex, bigints as decimal strings. */
export const readable = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, item: unknown) => {
      if (item instanceof Uint8Array) return toHex(item);
      return typeof item === "bigint" ? `${item}n` : item;
    }),
  );
