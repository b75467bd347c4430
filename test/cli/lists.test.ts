import { expect } from "chai";
import { closedAfterEach, page } from "./daemon.ts";
import { channel, HASH } from "./samples.ts";

describe("Lists of the command line", () => {
  const against = closedAfterEach();

  it("are tables on a terminal, with amounts to the right, ids cut short", async () => {
    const { run } = await against({ "GET /v1/channels?limit=500": page([channel]) });
    const { out } = await run(["channel", "list"], { terminal: true });
    expect(out.split("\n")).to.deep.equal([
      "ID                PEER              STATE   ACTIVE   CAPACITY    SPENDABLE  RECEIVABLE  HTLCS",
      "ch_cdcdcdcdcdcd…  02ababababababa…  Normal  yes     1,000,000  972,000.025           0      3",
      "",
    ]);
  });

  it("are shown thing by thing where a table would be wider than the terminal", async () => {
    const { run } = await against({ "GET /v1/channels?limit=500": page([channel, channel]) });
    const { out } = await run(["channel", "list"], { terminal: true, columns: 80 });
    const one = [
      "ID          ch_cdcdcdcdcdcd…",
      "PEER        02ababababababa…",
      "STATE       Normal",
      "ACTIVE      yes",
      "CAPACITY    1,000,000",
      "SPENDABLE   972,000.025",
      "RECEIVABLE  0",
      "HTLCS       3",
      "",
    ];
    expect(out.split("\n")).to.deep.equal([...one, ...one]);
  });

  it("so are those of what waits to be mined", async () => {
    const { run } = await against({
      "GET /v1/chain/mempool?limit=500": page([{ txid: HASH, feeSat: "1500", vsize: 141 }]),
    });
    const [narrow, wide] = await Promise.all(
      [72, 84].map((columns) => run(["chain", "mempool"], { terminal: true, columns })),
    );
    expect(narrow?.out).to.equal(`TXID    ${HASH}\nFEE     1,500\nVBYTES  141\n`);
    expect(wide?.out.split("\n").length).to.equal(3);
  });

  it("that are empty are `none` for people, and [] for a pipe", async () => {
    const { run } = await against({ "GET /v1/channels?limit=500": page([]) });
    expect((await run(["channel", "list"], { terminal: true })).out).to.equal("none\n");
    expect((await run(["channel", "list"])).out).to.equal("[]\n");
  });
});
