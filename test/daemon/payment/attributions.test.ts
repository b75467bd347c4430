import { expect } from "chai";
import { readAttribution, readFailure } from "../../../routing/index.ts";
import { fromHex } from "../../../src/base/bytes.ts";
import { channelId, type PaymentHash } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { msat, unixMs } from "../../../src/base/units.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { Attributions } from "../../../src/daemon/payment/attributions.ts";
import { payingStranger } from "../paying-stranger.ts";
import { violations } from "../small-world.ts";

const AMOUNT = msat(2_000_000n);

describe("CONFORMANCE 91: who has held an HTLC for how long", () => {
  it("comes back beside the preimage: 5 seconds at the router, whose wire to the payee was slow, and none at the payee", async () => {
    const { world, router, payee, mallory, bill, pay } = await payingStranger(2);
    const { paymentHash, paymentSecret } = await bill(AMOUNT);
    world.network.hold(router.name, payee.name);
    const { secrets } = pay(AMOUNT, paymentHash, { paymentSecret });
    await world.pass(5_050);
    world.network.heal(router.name, payee.name);
    await world.pass(1_000);
    const [fulfilled] = mallory.of("update_fulfill_htlc");
    const data = present(fulfilled?.attribution_data, "attribution beside the preimage");
    expect({ held: readAttribution(secrets, [], data), violations: violations(world) }).to.deep.equal({
      held: [50, 0],
      violations: [],
    });
  });
  it("comes back beside a failure, which is still read and attributed", async () => {
    const { world, mallory, pay } = await payingStranger(2);
    const { secrets } = pay(AMOUNT, "11".repeat(32) as PaymentHash, { paymentSecret: new Uint8Array(32) });
    await world.pass(1_000);
    const failed = present(mallory.of("update_fail_htlc")[0], "a failure");
    const read = readFailure(secrets, failed.reason, failed.attribution_data);
    expect(read.tag === "Attributed" && [read.hop, read.failure.name]).to.deep.equal([
      1,
      "incorrect_or_unknown_payment_details",
    ]);
    const changed = failed.reason.map((byte) => byte ^ 1);
    expect(readFailure(secrets, changed, failed.attribution_data)).to.deep.equal({ tag: "Unreadable", followed: 0 });
  });
});

describe("hold times", () => {
  const ref = { channelId: channelId(sha256(Uint8Array.of(1))), htlcId: 3n };
  const secret = fromHex("22".repeat(32));
  const heldOf = ({ attribution }: ReturnType<Attributions["ofFulfillment"]>) =>
    attribution && readAttribution([secret], [], attribution);

  it("count in whole tenths of a second from when the HTLC was committed, also when it is told again", () => {
    const attributions = new Attributions();
    attributions.arrived(ref, secret, unixMs(1_000));
    attributions.arrived(ref, secret, unixMs(1_500));
    expect(heldOf(attributions.ofFulfillment(ref, unixMs(1_999)))).to.deep.equal([9]);
  });
  it("are none where the clock was put back", () => {
    const attributions = new Attributions();
    attributions.arrived(ref, secret, unixMs(1_000));
    expect(heldOf(attributions.ofFulfillment(ref, unixMs(0)))).to.deep.equal([0]);
  });
  it("are told once, and nothing is told of HTLCs that are not known", () => {
    const attributions = new Attributions();
    attributions.arrived(ref, secret, unixMs(0));
    attributions.ofFailure(ref, new Uint8Array(292), unixMs(0));
    expect(attributions.ofFailure(ref, new Uint8Array(292), unixMs(0))).to.deep.equal({});
  });
});
