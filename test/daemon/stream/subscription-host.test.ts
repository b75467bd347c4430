import { expect } from "chai";
import { toHex } from "../../../src/base/bytes.ts";
import { soon } from "../small-world.ts";
import { type House, type Stream, streaming } from "../stream-world.ts";

const key = async ({ world, viewer, session }: Stream, unit: number): Promise<string> => {
  const answer = await soon(world, viewer.node.segmentKey(session, unit), 120_000);
  return answer.ok ? toHex(answer.value) : answer.error.code;
};
const halts = ({ viewer, router, site }: Stream): readonly string[] =>
  [viewer, router, site].flatMap(({ name, halts: seen }) => seen.map((why) => `${name}: ${why}`));
const isKey = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);

/** What both ends say has been paid, in msat, with the units. */
function accounts({ viewer, site, session, stream }: Stream) {
  const payer = viewer.node.subscription(session);
  const listing = site.node.streams().find(({ id }) => id === stream);
  return { paid: payer?.paid, earned: listing?.earned, unlocked: payer?.unlocked.length };
}

describe("Subscription host: a stream over crashes. RELIABILITY I9, I18", () => {
  for (const who of ["viewer", "router", "site"] as const) {
    it(`pays each unit once, whatever moment the ${who} dies at`, async function () {
      this.timeout(60_000);
      for (let delay = 0; delay <= 120; delay += 8) {
        const stream = await streaming();
        const { world } = stream;
        const house: House = stream[who];
        expect(isKey(await key(stream, 0))).to.equal(true);
        void stream.viewer.node.segmentKey(stream.session, 1);
        await world.pass(delay);
        house.crash(delay % 3 === 0 ? 0 : undefined);
        await world.pass(300);
        await house.start();
        await world.pass(10_000);
        expect(halts(stream), `after ${delay} ms`).to.deep.equal([]);
        expect(isKey(await key(stream, 1)), `unit 1 after ${delay} ms`).to.equal(true);
        expect(isKey(await key(stream, 2)), `unit 2 after ${delay} ms`).to.equal(true);
        await world.pass(5_000);
        expect(accounts(stream), `after ${delay} ms`).to.deep.equal({ paid: 3_000n, earned: 3_000n, unlocked: 3 });
        for (const each of [stream.viewer, stream.router, stream.site]) each.crash();
      }
    });
  }

  for (const who of ["viewer", "site"] as const) {
    it(`ends the session at both ends, once each, whatever moment the ${who} dies at while it is closed`, async function () {
      this.timeout(60_000);
      for (let delay = 0; delay <= 24; delay += 2) {
        const stream = await streaming();
        const { world, viewer, site, session } = stream;
        expect(isKey(await key(stream, 0))).to.equal(true);
        void viewer.node.closeSubscription(session);
        await world.pass(delay);
        stream[who].crash(delay % 4 === 0 ? 0 : undefined);
        await world.pass(300);
        await stream[who].start();
        await world.pass(10_000);
        if (viewer.node.subscription(session)?.state !== "closed")
          await soon(world, viewer.node.closeSubscription(session));
        await world.pass(10_000);
        const ends = [viewer, site].map(({ node }) =>
          node.events(0, 500).filter(({ type }) => type === "stream.session_closed"),
        );
        expect(
          ends.map(({ length }) => length),
          `after ${delay} ms`,
        ).to.deep.equal([1, 1]);
        expect(halts(stream), `after ${delay} ms`).to.deep.equal([]);
        for (const each of [stream.viewer, stream.router, stream.site]) each.crash();
      }
    });
  }

  it("tells a site of the end that was away for long, and then no more", async function () {
    this.timeout(60_000);
    const stream = await streaming();
    const { world, viewer, site, session } = stream;
    expect(isKey(await key(stream, 0))).to.equal(true);
    site.crash();
    await soon(world, viewer.node.closeSubscription(session));
    await world.pass(600_000);
    // Many tries at first, then few: a site may be gone for good.
    expect(viewer.asked).to.be.below(60);
    await site.start();
    await world.pass(600_000);
    const isClosed = (): boolean => site.node.events(0, 500).some(({ type }) => type === "stream.session_closed");
    expect(isClosed()).to.equal(true);
    const asked = viewer.asked;
    await world.pass(600_000);
    viewer.crash();
    await viewer.start();
    await world.pass(600_000);
    expect(viewer.asked).to.equal(asked);
    expect(halts(stream)).to.deep.equal([]);
  });

  it("looks for a way to the site as long as a session can pay over it", async () => {
    const stream = await streaming();
    const { world, viewer, session } = stream;
    const fee = (): unknown => viewer.node.subscriptions().map(({ feePerUnit }) => feePerUnit);
    expect(fee()).to.deep.equal([100n]);
    await soon(world, viewer.node.closeSubscription(session));
    expect(fee()).to.deep.equal([undefined]);
  });
});
