import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { msat, sat, satPerKw } from "../../../src/base/units.ts";
import { addressOf } from "../../../src/bitcoin/address.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { p2wpkh } from "../../../src/bitcoin/templates.ts";
import { removeWithDescendants } from "../../../src/chain/mempool.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { idOf } from "../../../src/lab/setup.ts";
import type { World } from "../../../src/lab/world.ts";
import { giveCoins, mine, onchain, stateOf, streetOf } from "../failing-street.ts";
import { invoiceOf, soon } from "../small-world.ts";

const alarms = ({ node }: LabNode) => node.events(0, 10_000).filter(({ type }) => type === "channel.claims_unpaid");
const missing = ({ node }: LabNode): bigint => node.balance().onchain.missingForClaims;
/** All but what is too little for a fee goes elsewhere, and blocks are dear. */
async function emptied(world: World, node: LabNode, left = 1_500n): Promise<void> {
  const amount = sat(onchain(node) - left);
  const sent = await soon(world, node.node.send({ address: ELSEWHERE, amount, feerate: satPerKw(253) }));
  expect(sent.ok).to.equal(true);
  await mine(world, 1);
  expect(onchain(node) < left + 500n).to.equal(true);
  world.chain.setFeerate(satPerKw(5_000));
}
const ELSEWHERE = present(addressOf(p2wpkh(new Uint8Array(20).fill(9)), CHAINS.regtest), "an address");

describe("RELIABILITY O21: a wallet that has no coins for the fees of claims", () => {
  it("says so, with what is missing and until when, and shows it until coins are there: then all is claimed", async function () {
    this.timeout(60_000);
    const street = await streetOf(2, { channelPolicy: () => ({ reserveFeerate: satPerKw(1) }) });
    const { world, nodes } = street;
    const [payer, payee] = nodes as [LabNode, LabNode];
    const id = idOf(present(street.edges[0], "an edge"));
    await emptied(world, payee);
    const invoice = await invoiceOf(world, payee, msat(40_000_000n));
    void payer.node.pay({ bolt11: invoice.bolt11 });
    while (payee.node.invoice(invoice.paymentHash)?.state !== "settled") await world.step();
    world.network.part(payer.name, payee.name);
    await payer.crash(payer.disk.pending);
    expect(missing(payee)).to.equal(0n);
    while (stateOf(payee, street, 0) === "Normal") await mine(world, 1);
    // Its commitment is mined all the same; the HTLC waits for somebody to pay for it.
    await mine(world, 3);
    const [alarm, ...more] = alarms(payee).map(({ data }) => data);
    expect(more).to.deep.equal([]);
    expect(alarm).to.include({ channelId: id, claims: 1 });
    const since = present(payee.node.explainChannel(id)?.since, "a height");
    const deadline = Number(present(alarm, "an alarm")["deadline"]);
    expect(deadline > since && deadline <= since + 18, "before the peer may take the HTLC back").to.equal(true);
    const needed = missing(payee);
    for (const sum of [needed, BigInt(String(alarm?.["missingSat"]))])
      expect(sum > 1_000n && sum < 20_000n, `${sum} sat`).to.equal(true);
    await giveCoins(world, payee);
    await mine(world, 3);
    expect(missing(payee)).to.equal(0n);
    const told = alarms(payee).map(({ data }) => Number(data["missingSat"]));
    for (const [at, sum] of told.slice(1).entries())
      expect(sum * 100 >= (told[at] ?? 0) * 125, "again for a quarter more, as the deadline comes").to.equal(true);
    expect(told.length < 8).to.equal(true);
    expect(payee.node.explainChannel(id)?.outputs.map(({ what, status }) => `${what}: ${status}`)).to.include(
      "HTLC 0 that the peer offered: spent",
    );
    expect(world.violations).to.deep.equal([]);
  });

  it("keeps saying what it could pay for when more is wanted than it has", async () => {
    const street = await streetOf(2, { channelPolicy: () => ({ reserveFeerate: satPerKw(1) }) });
    const { world, nodes } = street;
    const [closer, other] = nodes as [LabNode, LabNode];
    world.network.part(closer.name, other.name);
    await emptied(world, closer, 12_000n);
    const waiting = (): readonly string[] => [...world.chain.brain.pool.entries.keys()].sort();
    await soon(world, closer.node.closeChannel({ id: idOf(present(street.edges[0], "an edge")), force: true }));
    await world.pass(500);
    const out = waiting();
    expect(out, "the commitment and what pays for it").to.have.length(2);
    world.chain.setFeerate(satPerKw(12_000));
    world.chain.reorganise(1, { txs: "same" });
    await world.pass(500);
    expect(missing(closer) > 0n).to.equal(true);
    const { pool } = world.chain.brain;
    for (const entry of pool.entries.values()) removeWithDescendants(pool, entry);
    expect(waiting()).to.deep.equal([]);
    world.chain.reorganise(1, { txs: "same" });
    await world.pass(60_000);
    expect(waiting()).to.deep.equal(out);
    expect(world.violations).to.deep.equal([]);
  });
});
