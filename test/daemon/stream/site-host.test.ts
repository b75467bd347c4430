import { expect } from "chai";
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
});
