import { expect } from "chai";
import { present } from "../../src/base/result.ts";
import { msat } from "../../src/base/units.ts";
import type { LabNode } from "../../src/lab/lab-node.ts";
import { stateAt } from "../../src/lab/settle.ts";
import { type Edge, idOf } from "../../src/lab/setup.ts";
import { invoiceOf, soon, violations } from "../daemon/small-world.ts";
import { type BookWorld, BTC, bookWorld } from "./book-world.ts";

/** 0.001 BTC for each of three nodes on the way. */
const FEES = msat(300_000_000n);
/** Every message to and from Carol that a payment brings, in order. */
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
  "diana revoke_and_ack carol",
  "bob revoke_and_ack carol",
  "bob commitment_signed carol",
  "carol revoke_and_ack bob",
];

/** The payment is on its way, and as far as it comes. The answer is the height at which it began. */
async function begin({ world, nodes }: BookWorld): Promise<{ readonly height: number; readonly id: string }> {
  const [alice, , , , eric] = nodes as readonly [LabNode, LabNode, LabNode, LabNode, LabNode];
  const invoice = await invoiceOf(world, eric, msat(BTC * 1_000n));
  const { height } = alice.node.info();
  const begun = await soon(world, alice.node.pay({ bolt11: invoice.bolt11, maxFee: FEES }));
  if (!begun.ok) throw new Error(begun.error.detail);
  await world.pass(1_500);
  return { height, id: begun.value.id };
}

describe("The textbook: Alice pays Eric 1 BTC over Bob, Carol and Diana, 2 BTC a side in each channel", () => {
  for (let n = 0; n <= MESSAGES.length; n++)
    it(`try ${n}`, async function () {
      this.timeout(60_000);
      const t0 = process.cpuUsage().user / 1000;
      const book = await bookWorld();
      const t1 = process.cpuUsage().user / 1000;
      const { world, nodes, edges, wires } = book;
      const wealth = (node: LabNode) => {
        const { confirmed, unconfirmed, reserved } = node.node.balance().onchain;
        let sum = confirmed + unconfirmed + reserved;
        for (const edge of edges) {
          if (edge.opener !== node && edge.accepter !== node) continue;
          const state = stateAt(node, edge);
          if (state?.tag === "Normal") sum += state.commitments.balance.local / 1000n;
        }
        return sum;
      };
      const before = nodes.map(wealth);
      wires.limit = n;
      const { height, id } = await begin(book);
      for (let b = 0; b < 26; b++) {
        world.chain.mine(1);
        await world.pass(200);
      }
      console.log(
        n,
        MESSAGES[n - 1],
        (nodes[0] as LabNode).node.payment(id)?.state,
        (nodes[4] as LabNode).node.invoices()[0]?.state,
        nodes.map((x, i) => wealth(x) - (before[i] as bigint)).join(" "),
        violations(world),
      );
      for (const edge of edges)
        for (const node of [edge.opener, edge.accepter]) {
          const e = present(node.node.explainChannel(idOf(edge)), "x");
          if (e.cause === "open") continue;
          console.log(
            "   ",
            edge.opener.name,
            edge.accepter.name,
            "at",
            node.name,
            e.cause,
            e.since === undefined ? "" : e.since - height,
            e.closing?.by,
            (e.closing?.height ?? 0) - height,
            e.outputs.map((o) => `${o.what} ${o.status} ${(o.height ?? 0) - height}`).join("; "),
          );
        }
      console.log("   cpu", t1 - t0, process.cpuUsage().user / 1000 - t1);
    });
});
