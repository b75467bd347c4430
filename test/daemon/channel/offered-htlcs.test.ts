import { mock } from "node:test";
import { expect } from "chai";
import { paymentHash } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { cltvExpiry, msat } from "../../../src/base/units.ts";
import { Intake } from "../../../src/daemon/payment/intake.ts";
import { fundedBy } from "../puppet.ts";
import { line, stranger } from "../small-world.ts";

describe("Channel host: HTLCs that are offered", () => {
  it("are looked into when the channel takes them: a failed one takes none, however many are sent to it", async () => {
    const { world, nodes } = await line(2);
    const node = present(nodes[0], "a first node");
    const mallory = await stranger(world, node);
    const { id: channel_id } = await fundedBy(world, node, mallory);
    const arrived = mock.method(Intake.prototype, "arrived");
    const add = (id: bigint): void =>
      mallory.say({
        name: "update_add_htlc",
        channel_id,
        id,
        amount_msat: msat(1_000n),
        payment_hash: paymentHash(new Uint8Array(32)),
        cltv_expiry: cltvExpiry(500),
        onion_routing_packet: new Uint8Array(1_366),
      });
    try {
      add(0n);
      await world.pass(1_000);
      expect(arrived.mock.callCount()).to.equal(1);
      mallory.say({ name: "error", channel_id, data: new Uint8Array(4) });
      for (const id of [1n, 2n, 3n]) add(id);
      await world.pass(1_000);
      expect(arrived.mock.callCount()).to.equal(1);
    } finally {
      arrived.mock.restore();
    }
  });
});
