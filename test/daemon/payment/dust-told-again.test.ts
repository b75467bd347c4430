import { expect } from "chai";
import { type Msat, msat } from "../../../src/base/units.ts";
import { payingStranger } from "../paying-stranger.ts";
import { Puppet } from "../puppet.ts";
import { stranger, violations } from "../small-world.ts";

/** Below every dust limit: two of them are more than the router puts up with. */
const AMOUNT = msat(290_000n);
const EXPOSURE_MAX = msat(500_000n);

/** A stranger who can pay over its channel with the first of two nodes. */
async function payer() {
  const paying = await payingStranger(2, { channelPolicy: () => ({ maxDustExposure: EXPOSURE_MAX }) });
  const offer = async (amount: Msat): Promise<void> => {
    const { paymentHash, paymentSecret } = await paying.bill(amount);
    paying.pay(amount, paymentHash, { paymentSecret });
  };
  return { ...paying, offer };
}

describe("a dust HTLC that was passed on, when another one has taken its channel over the bound", () => {
  it("is not failed after a restart: whoever it was passed on to may be paid for it", async () => {
    const { world, router, payee, mallory, puppet, offer } = await payer();
    await offer(AMOUNT);
    world.network.hold(router.name, payee.name);
    await world.pass(500);
    expect(mallory.of("update_fail_htlc")).to.deep.equal([]);
    // It revokes nothing more, so that what is over the bound stays.
    puppet.say = (message) => (mallory.of("update_fail_htlc").length > 0 ? undefined : message);
    await offer(AMOUNT);
    await world.pass(500);
    expect(mallory.of("update_fail_htlc").map(({ id }) => id)).to.deep.equal([1n]);
    world.crash(router, 0);
    puppet.give({ tag: "Disconnected" });
    await world.pass(4_000);
    world.network.heal(router.name, payee.name);
    await world.pass(4_000);
    const back = await stranger(world, router);
    const again = new Puppet(world, back, router);
    again.state = puppet.state;
    again.memory = puppet.memory;
    again.give({ tag: "Connected" });
    // The payee may be dialled anew only after a while.
    await world.until(() => back.of("update_fulfill_htlc").length > 0, 60_000);
    expect([
      back.of("update_fail_htlc").map(({ id }) => id),
      back.of("update_fulfill_htlc").map(({ id }) => id),
      violations(world),
    ]).to.deep.equal([[], [0n], []]);
  });
});
