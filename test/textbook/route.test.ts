import { expect } from "chai";
import { present } from "../../src/base/result.ts";
import { msat } from "../../src/base/units.ts";
import type { LabNode } from "../../src/lab/lab-node.ts";
import { stateAt } from "../../src/lab/settle.ts";
import { idOf } from "../../src/lab/setup.ts";
import { invoiceOf, soon, violations } from "../daemon/small-world.ts";
import { BOOK, type BookWorld, BTC, bookWorld } from "./book-world.ts";

/** 0.001 BTC for each of three nodes on the way, in msat. */
const FEES = msat(300_000_000n);
/** Blocks until each hop may be taken back. */
const TIMEOUTS = [10, 9, 8, 7] as const;
/** A commitment is mined one block after the timeout and our grace, and what takes the HTLC back one block after that. */
const TAKEN_BACK = BOOK.channel.graceBlocks + 2;
/** What a node may pay to miners for closing two channels alone, in sat: less than half a fee of a hop. */
const ONCHAIN_FEES_MAX = 40_000n;

/** Every message to and from Carol that the payment brings, in order. */
const MESSAGES = [
  "bob update_add_htlc carol",
  "bob commitment_signed carol",
  "carol revoke_and_ack bob",
  "carol commitment_signed bob",
  "bob revoke_and_ack carol",
  "carol update_add_htlc diana",
  "carol commitment_signed diana",
  "diana revoke_and_ack carol",
  "diana commitment_signed carol",
  "carol revoke_and_ack diana",
  "diana update_fulfill_htlc carol",
  "diana commitment_signed carol",
  "carol update_fulfill_htlc bob",
  "carol commitment_signed bob",
  "carol revoke_and_ack diana",
  "carol commitment_signed diana",
  "bob revoke_and_ack carol",
  "bob commitment_signed carol",
  "diana revoke_and_ack carol",
  "carol revoke_and_ack bob",
] as const;
/** How many messages it takes until something is so. */
const after = (message: (typeof MESSAGES)[number]): number => MESSAGES.indexOf(message) + 1;
/** Diana may pay on to Eric: the HTLC that Carol offers her is irrevocable. */
const FORWARDED = after("carol revoke_and_ack diana");
/** The HTLC stands in the offerer's own commitment: only the chain can take it back. */
const STANDS_AT_BOB = after("carol commitment_signed bob");
const STANDS_AT_CAROL = after("diana commitment_signed carol");
const KNOWN_TO_BOB = after("carol update_fulfill_htlc bob");

interface Paid {
  readonly book: BookWorld;
  /** At which Alice began. */
  readonly height: number;
  readonly payment: string | undefined;
  readonly invoice: string | undefined;
  /** What each has more than before, in sat, on the chain and in channels. */
  readonly gains: readonly bigint[];
}
type Five = readonly [LabNode, LabNode, LabNode, LabNode, LabNode];

function wealth({ edges }: BookWorld, node: LabNode): bigint {
  const { confirmed, unconfirmed, reserved } = node.node.balance().onchain;
  const states = edges
    .filter(({ opener, accepter }) => opener === node || accepter === node)
    .map((e) => stateAt(node, e));
  const inChannels = states.reduce((sum, state) => {
    return state?.tag === "Normal" ? sum + state.commitments.balance.local : sum;
  }, 0n);
  return confirmed + unconfirmed + reserved + inChannels / 1_000n;
}

/** Alice pays; after so many messages nobody hears of Carol any more, and blocks go by until all timeouts are over. */
async function pay(limit: number, carol: "lives" | "dies"): Promise<Paid> {
  const book = await bookWorld();
  const { world, nodes, wires } = book;
  const [alice, , silent, , eric] = nodes as Five;
  const before = nodes.map((node) => wealth(book, node));
  wires.limit = limit;
  const invoice = await invoiceOf(world, eric, msat(BTC * 1_000n));
  const { height } = alice.node.info();
  const begun = await soon(world, alice.node.pay({ bolt11: invoice.bolt11, maxFee: FEES }));
  if (!begun.ok) throw new Error(begun.error.detail);
  await world.pass(1_500);
  expect(wires.passed).to.deep.equal(MESSAGES.slice(0, limit));
  if (carol === "dies") silent.crash(0);
  for (let block = 0; block < 26; block++) {
    world.chain.mine(1);
    await world.pass(200);
  }
  expect(violations(world)).to.deep.equal([]);
  return {
    book,
    height,
    payment: alice.node.payment(begun.value.id)?.state,
    invoice: eric.node.invoice(invoice.paymentHash)?.state,
    gains: nodes.map((node, at) => (node.isUp ? wealth(book, node) - (before[at] as bigint) : 0n)),
  };
}

/** At which heights the chain gave HTLCs back or to whom they were for, by the hop that they stood in. */
function settledOnChain({ book }: Paid): ReadonlyMap<number, number> {
  const heights = new Map<number, number>();
  for (const [hop, edge] of book.edges.entries()) {
    const told = edge.opener.isUp ? edge.opener.node.explainChannel(idOf(edge)) : undefined;
    for (const { what, status, height } of told?.outputs ?? []) {
      expect(status, `${hop}: ${what}`).to.equal("spent");
      if (what.endsWith("that we offered")) heights.set(hop, present(height, "the block that spends it"));
    }
  }
  return heights;
}
const BOOK_GAINS = [-100_300_000n, 100_000n, 100_000n, 100_000n, 100_000_000n];
const NOTHING = [0n, 0n, 0n, 0n, 0n];

describe("The textbook: Alice pays Eric 1 BTC over Bob, Carol and Diana, 2 BTC a side in each channel", () => {
  it("the balances are 0.997 and 3.003, 0.998 and 3.002, 0.999 and 3.001, 1 and 3 BTC", async function () {
    this.timeout(60_000);
    const { book, payment, invoice, gains } = await pay(MESSAGES.length, "lives");
    const balances = book.edges.map((edge) => stateAt(edge.opener, edge)?.commitments.balance);
    expect({ payment, invoice, gains, balances }).to.deep.equal({
      payment: "succeeded",
      invoice: "settled",
      gains: BOOK_GAINS,
      balances: [
        { local: 99_700_000_000n, remote: 300_300_000_000n },
        { local: 99_800_000_000n, remote: 300_200_000_000n },
        { local: 99_900_000_000n, remote: 300_100_000_000n },
        { local: 100_000_000_000n, remote: 300_000_000_000n },
      ],
    });
  });
});

describe("The textbook: Carol says nothing more, and her node only watches the chain", () => {
  for (let n = 0; n < MESSAGES.length; n++)
    it(`after ${n === 0 ? "nothing" : `message ${n}, "${MESSAGES[n - 1]}"`}: nobody loses more than fees on the chain`, async function () {
      this.timeout(60_000);
      const paid = await pay(n, "lives");
      const isPaid = n >= FORWARDED;
      expect([paid.payment, paid.invoice]).to.deep.equal(isPaid ? ["succeeded", "settled"] : ["failed", "open"]);
      for (const [at, due] of (isPaid ? BOOK_GAINS : NOTHING).entries()) {
        const lost = due - (paid.gains[at] as bigint);
        expect(lost >= 0n && lost < ONCHAIN_FEES_MAX, `node ${at} loses ${lost} sat`).to.equal(true);
      }
      const settled = settledOnChain(paid);
      for (const [hop, height] of settled) {
        const timeout = paid.height + (TIMEOUTS[hop] as number);
        if (isPaid) expect(height, `hop ${hop} is claimed`).to.be.at.most(timeout);
        else expect(height, `hop ${hop} is taken back`).to.equal(timeout + TAKEN_BACK);
      }
      if (isPaid) return;
      expect(settled.has(1), "Bob takes it back on the chain").to.equal(n >= STANDS_AT_BOB);
      expect(settled.has(2), "Carol takes it back on the chain").to.equal(n >= STANDS_AT_CAROL);
    });
});

describe("The textbook: Carol's node is gone for ever", () => {
  for (const n of [STANDS_AT_BOB, STANDS_AT_CAROL, FORWARDED, KNOWN_TO_BOB - 1, KNOWN_TO_BOB])
    it(`after message ${n}, "${MESSAGES[n - 1]}": whatever is lost, she loses`, async function () {
      this.timeout(60_000);
      const { payment, invoice, gains } = await pay(n, "dies");
      const isPaid = n >= KNOWN_TO_BOB;
      const isReceived = n >= FORWARDED;
      expect([payment, invoice]).to.deep.equal([isPaid ? "succeeded" : "failed", isReceived ? "settled" : "open"]);
      const due = [...(isPaid ? BOOK_GAINS : NOTHING).slice(0, 3), ...(isReceived ? BOOK_GAINS : NOTHING).slice(3)];
      for (const at of [0, 1, 3, 4]) {
        const lost = (due[at] as bigint) - (gains[at] as bigint);
        expect(lost < ONCHAIN_FEES_MAX, `node ${at} loses ${lost} sat`).to.equal(true);
      }
    });
});
