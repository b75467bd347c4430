import { once } from "node:events";
import { expect } from "chai";
import { type Ended, runScript, spawnScript } from "./json-program.ts";

const DEMO_MS_MAX = 120_000;

/** Runs the demo to its end, as `npm run demo -- --once --json` does. */
const demo = (...flags: readonly string[]): Promise<Ended> => runScript("demo", "--once", "--json", ...flags);

describe("the demo: three daemons, a film paid by the second through a router", function () {
  this.timeout(DEMO_MS_MAX);

  it("unlocks every segment, closes both channels, and its account adds up on the chain", async () => {
    const { code, lines } = await demo();
    expect(lines.at(-1)).to.deep.equal({
      event: "demo.finished",
      segments: 20,
      paidMsat: "2000000",
      routerFeeMsat: "2000",
      hops: 2,
      conserved: true,
      secretsLeaked: 0,
    });
    expect(code).to.equal(0);
  });
  it("stays up, and the first thing it prints is a link to the page, which the viewer's daemon serves; Ctrl-C ends it", async () => {
    const child = spawnScript("demo");
    const ended = once(child, "close");
    let output = "";
    for await (const bytes of child.stdout) {
      output += String(bytes);
      if (output.includes("Ctrl-C")) break;
    }
    const link = new URL(/https?:\/\/\S+/.exec(output)?.[0] ?? "");
    expect([link.pathname, link.hash.slice(0, 11)]).to.deep.equal(["/demo/video", "#login=lgn_"]);
    expect(output).to.match(new RegExp(`viewer +${link.origin} `));
    expect(output)
      .to.match(/tokens +\S+\/viewer\/admin\.token/)
      .and.match(/ pay lnbcrt250n1/);
    const page = await fetch(link);
    expect([page.status, page.headers.get("content-type")]).to.deep.equal([200, "text/html; charset=utf-8"]);
    const film = await fetch(`${link.searchParams.get("site")}/s/${link.searchParams.get("stream")}`);
    expect(await film.json()).to.include({ title: "Test clip", priceMsatPerUnit: "100000", units: 20 });
    child.kill("SIGINT");
    expect((await ended)[0]).to.equal(0);
  });
  it("fails when a key stands in the captured traffic", async () => {
    const { code, lines } = await demo("--plant-leak");
    expect(lines.at(-1)?.["secretsLeaked"]).to.equal(1);
    expect(code).to.equal(1);
  });
  it("fails when a single satoshi is too much", async () => {
    const { code, lines } = await demo("--plant-sat", "1");
    expect(lines.at(-1)?.["conserved"]).to.equal(false);
    expect(code).to.equal(1);
  });
});
