import { expect } from "chai";
import { until } from "../../scripts/demo/client.ts";
import { connected, explained, isOver, ldkHolds, ldkOpens, type Payment, weOpen } from "./dealings.ts";
import { isLdkHere } from "./ldk.ts";
import { type Company, company, endow, type OurChannel, told } from "./ldk-and-sluice.ts";
import { ANCHOR_SAT, balances, ledgerSince } from "./ledger.ts";
import type { End } from "./tapped-wire.ts";

/** Who funded the channel, who closes it alone, and what we do with the payment that comes in. */
interface Case {
  readonly opener: End;
  readonly closer: End;
  readonly incoming: "settled" | "refused";
  readonly anchors: boolean;
}
const CASES: readonly Case[] = [
  { opener: "ours", closer: "ours", incoming: "settled", anchors: true },
  { opener: "ldk", closer: "ldk", incoming: "settled", anchors: true },
  { opener: "ldk", closer: "ours", incoming: "refused", anchors: true },
  { opener: "ours", closer: "ldk", incoming: "refused", anchors: true },
  { opener: "ours", closer: "ours", incoming: "refused", anchors: false },
  { opener: "ldk", closer: "ldk", incoming: "settled", anchors: false },
];
const CAPACITY = 1_000_000n;
const HALF = CAPACITY / 2n;
/** Satoshis of the payments that are under way when the channel is closed. */
const LEARNT = 100_000n;
const OVERDUE = 120_000n;
const TRIMMED = 200n;
const INCOMING = 80_000n;
/** What is said of those that are closed already, whenever the two are connected again. */
const MEANT = [
  "ours error: closing without you",
  "ours error: the funding output is spent",
  "ldk log: lightning::ln::channelmanager:4128 Force-closing channel …",
  "ldk closed: HolderForceClosed",
  "ldk closed: CommitmentTxConfirmed",
];
const inMsat = (sat: bigint): string => String(sat * 1_000n);

/** One of the cases, with what is still under way. */
interface Closed extends Case {
  readonly channel: OurChannel;
  /** Of those that we pay, by their hashes: LDK takes one, keeps one, and keeps one that has no output. */
  readonly learnt: string;
  readonly overdue: string;
  readonly trimmed: string;
  readonly incomingHash: string;
}

describe("LDK: channels with payments under way are closed by one side alone", function () {
  this.timeout(180_000);
  let them: Company;
  let start: { readonly height: number; readonly ours: bigint; readonly ldk: bigint };
  const closed: Closed[] = [];
  before(async function () {
    if (!isLdkHere()) return this.skip();
    them = await company({ announce: false, expiryBlocksMax: 44 }, ["--static-remotekey", "true"]);
    await endow(them);
    const { height } = await them.ours.api.get<{ readonly height: number }>("/v1/chain");
    start = { height, ...(await balances(them)) };
  });
  after(() => them?.stop());

  /** LDK has it and neither claims nor refuses it. */
  async function held(sat: bigint): Promise<{ readonly hash: string; readonly preimage: string }> {
    const bolt11 = await them.ldk.do("invoice", { msat: inMsat(sat) });
    return ldkHolds(them, (await them.ours.api.post<Payment>("/v1/payments", { bolt11 })).paymentHash);
  }
  const paid = (hash: string): Promise<Payment> => them.ours.api.get(`/v1/payments/${hash}`);
  /** It is ours to settle or refuse, and LDK does not hear what we do. */
  async function cutOff(incoming: Case["incoming"]): Promise<string> {
    const { ours, ldk } = them;
    const isCut = them.wire.cutAt("ours", incoming === "settled" ? "update_fulfill_htlc" : "update_fail_htlc");
    const amountMsat = inMsat(INCOMING);
    if (incoming === "refused") {
      const hash = await ldk.do("keysend", { peer: ours.started.nodeId, msat: amountMsat });
      await isCut;
      return hash;
    }
    const invoice = { amountMsat, description: "settled on the chain" };
    const { bolt11 } = await ours.api.post<{ readonly bolt11: string }>("/v1/invoices", invoice);
    const hash = await ldk.do("pay", { invoice: bolt11 });
    await isCut;
    return hash;
  }
  for (const each of CASES) {
    const { opener, closer, incoming, anchors } = each;
    it(`${anchors ? "with" : "without"} anchors, opened by ${opener}, closed by ${closer}, with one coming in that we have ${incoming}`, async () => {
      await connected(them);
      const open = opener === "ours" ? weOpen : ldkOpens;
      const channel = await open(them, { sat: String(CAPACITY), pushMsat: inMsat(HALF), anchors });
      await them.ldk.do("hold", { holds: true });
      const learnt = await held(LEARNT);
      const { hash: overdue } = await held(OVERDUE);
      const { hash: trimmed } = await held(TRIMMED);
      const incomingHash = await cutOff(incoming);
      expect(them.complaints().filter((said) => !MEANT.includes(said))).to.deep.equal([]);
      if (closer === "ours") await them.ours.api.post(`/v1/channels/${channel.id}/close`, { force: true });
      else await them.ldk.do("forceClose", { channel: channel.channelId });
      await them.ldk.do("claim", { preimage: learnt.preimage });
      closed.push({ ...each, channel, learnt: learnt.hash, overdue, trimmed, incomingHash });
      await until("its end in the chain", async () => {
        await them.mine(1);
        return (await explained(them.ours, channel)).closing !== null;
      });
    });
  }
  it("each payment ends as it must, and each channel as its closer wanted", async () => {
    const { ours, ldk } = them;
    await untilSwept();
    for (const { learnt, overdue, trimmed, incomingHash, incoming, closer, channel } of closed) {
      const ends = await Promise.all([learnt, overdue, trimmed].map(async (hash) => (await paid(hash)).state));
      expect(ends).to.deep.equal(["succeeded", "failed", "failed"]);
      const name = incoming === "settled" ? "sent" : "failed";
      await told(ldk, `a payment ${name}`, 0, (said) => said.name === name && said.hash === incomingHash);
      const why = await explained(ours, channel);
      const theirs = ldk.said.find((said) => said.name === "closed" && said.channel === channel.channelId);
      expect([why.cause, why.closing?.by, theirs?.name === "closed" && theirs.text]).to.deep.equal(
        closer === "ours"
          ? ["requested", "local", "CommitmentTxConfirmed"]
          : ["funding_spent", "remote", "HolderForceClosed"],
      );
    }
  });
  /** Both have nothing more to wait for. */
  async function untilSwept(): Promise<void> {
    const { ours, ldk } = them;
    await until(
      "everything swept",
      async () => {
        await them.mine(3);
        const over = await Promise.all(closed.map(({ channel }) => isOver(ours, channel)));
        return over.every(Boolean) && (await ldk.do("claimable")).length === 0;
      },
      120_000,
    );
    // The last sweep, and what it would have left.
    for (let block = 0; block < 3; block++) await them.mine(1);
  }
  it("every output is swept, and each has what is its own less fees, to the satoshi", async () => {
    const fundings = closed.map(({ channel }) => channel.funding ?? "");
    const ledger = await ledgerSince(them, start.height, fundings);
    expect(new Set(ledger.left)).to.deep.equal(new Set([ANCHOR_SAT]));
    expect(ledger.left.length + ledger.anchors.ours + ledger.anchors.ldk).to.equal(
      2 * closed.filter(({ anchors }) => anchors).length,
    );
    const due = {
      ours: start.ours - ledger.fees.ours + ANCHOR_SAT * BigInt(ledger.anchors.ours),
      ldk: start.ldk - ledger.fees.ldk + ANCHOR_SAT * BigInt(ledger.anchors.ldk),
    };
    for (const { opener, incoming, channel, anchors } of closed) {
      due[opener] -=
        CAPACITY + (anchors ? 2n * ANCHOR_SAT : 0n) + (ledger.commitments.get(channel.funding ?? "") ?? 0n) - TRIMMED;
      const settled = incoming === "settled" ? INCOMING : 0n;
      due.ours += HALF - LEARNT - TRIMMED + settled;
      due.ldk += HALF + LEARNT - settled;
    }
    expect(await balances(them)).to.deep.equal(due);
  });
});
