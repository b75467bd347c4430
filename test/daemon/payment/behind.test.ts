import { expect } from "chai";
import { msat } from "../../../src/base/units.ts";
import { BEHIND } from "../../../src/daemon/chain/in-step.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import { invoiceOf, line, paid, violations } from "../small-world.ts";

/** More than any HTLC has to run that a payee asks for. */
const MISSED_BLOCKS = 60;

/** A payer that has just started, and is connected, and has not heard yet what was mined meanwhile. */
async function late() {
  const { world, nodes } = await line(2, { acceptKeysend: () => true });
  const [payer, payee] = nodes as [LabNode, LabNode];
  const { bolt11 } = await invoiceOf(world, payee);
  payer.crash(0);
  world.chain.mine(MISSED_BLOCKS);
  await world.pass(5_000);
  // So slow that the blocks are heard before an answer of it.
  world.slowDisk(payee, 300);
  await payer.start();
  expect(await world.until(() => payer.node.channels().some(({ active }) => active), 5_000)).to.equal(true);
  return { world, payer, payee, bolt11 };
}

describe("a payment, while blocks of meanwhile are not heard yet", () => {
  it("is refused: its HTLC would be over already, and its channel would be closed for it", async () => {
    const { world, payer, payee, bolt11 } = await late();
    const refused = { ok: false, error: { code: "chain_not_synced", detail: BEHIND } };
    const keysend = { payee: payee.id, amount: msat(1_000_000n) };
    expect([await payer.node.pay({ bolt11 }), await payer.node.payKeysend(keysend)]).to.deep.equal([refused, refused]);
    await world.pass(5_000);
    expect((await paid(world, payer, bolt11)).state).to.equal("succeeded");
    expect(violations(world)).to.deep.equal([]);
  });
});
