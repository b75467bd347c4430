import { expect } from "chai";
import { MSAT_MAX, msat } from "../../../src/base/units.ts";
import { soon } from "../small-world.ts";
import { type Stream, streaming } from "../stream-world.ts";

const ask = ({ world, site }: Stream, name: string, body: unknown) =>
  soon(world, site.node.siteRequest("stranger", name, body));
const codeOf = (answer: unknown): unknown => (answer as { readonly error?: { readonly code: unknown } }).error?.code;

describe("Site host: what strangers ask", () => {
  it("is no session for a payer whose id could not be read back from the disk", async function () {
    this.timeout(20_000);
    const stream = await streaming();
    const { site, stream: film, world } = stream;
    const session = "5e".repeat(32);
    const opened = await ask(stream, "stream.open", { session, stream: film, payer: "ff".repeat(33) });
    expect(codeOf(opened)).to.equal("misshapen");
    await world.pass(1_000);
    expect(codeOf(await ask(stream, "stream.key", { session, slot: 0 }))).to.equal("unknown_session");
    expect(site.halts).to.deep.equal([]);
  });

  it("is no film at a price at which what is bought at once costs more than there is", async function () {
    this.timeout(20_000);
    const { world, site } = await streaming();
    const film = { title: "Film", source: "/film", freeSeconds: 0, segmentSeconds: 1 };
    const add = (price: bigint) => soon(world, site.node.addStream({ ...film, priceMsatPerSecond: msat(price) }));
    const added = [await add(MSAT_MAX / 4n), await add(MSAT_MAX / 4n + 1n)];
    expect(added.map((answer) => (answer.ok ? answer.value.pricePerUnit : answer.error.pointer))).to.deep.equal([
      MSAT_MAX / 4n,
      "/priceMsatPerSecond",
    ]);
  });
});
