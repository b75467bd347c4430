import { expect } from "chai";
import { utf8 } from "../../../src/base/bytes.ts";
import { msat } from "../../../src/base/units.ts";
import { type Bill, payingStranger } from "../paying-stranger.ts";

/** Dust: on the chain nothing of it can be claimed. */
const AMOUNT = msat(200_000n);
/** More than are decided in one portion. */
const COUNT = 40;

describe("HTLCs that wait to be decided when their channel fails", () => {
  it("are passed on no more: nobody would pay for them", async () => {
    const { world, router, payee, mallory, puppet, bill, pay } = await payingStranger(2);
    world.plan(puppet.id, "operator");
    const bills: Bill[] = [];
    for (let made = 0; made < COUNT; made++) bills.push(await bill(AMOUNT));
    for (const { paymentHash, paymentSecret } of bills) pay(AMOUNT, paymentHash, { paymentSecret });
    // The last word before all of them count is followed by one that ends the channel.
    puppet.say = (message) => {
      if (message.name !== "revoke_and_ack") return message;
      mallory.say(message);
      mallory.say({ name: "error", channel_id: puppet.id, data: utf8("the end") });
      puppet.say = () => undefined;
      return undefined;
    };
    await world.pass(5_000);
    expect(router.node.channels().find(({ id }) => id === puppet.id)?.state).to.equal("Failed");
    const settled = payee.node.invoices().filter(({ state }) => state === "settled").length;
    expect(settled).to.equal(32);
  });
});
