import { expect } from "chai";
import { type Answers, type Asked, closedAfterEach, problem } from "../daemon.ts";
import { subscription } from "../samples.ts";

const receipt = {
  stream: "str_1",
  units: 3,
  paidMsat: "3000",
  firstPreimage: null,
  lastPreimage: null,
  payerSignature: "aa",
  payeeSignature: "bb",
};
const key = { body: new Uint8Array(16) };
const after = (paid: number) => ({ body: { ...subscription, paidMsat: `${paid}000`, feesMsat: String(paid) } });
const PATH = "/v1/subscriptions/ses_1";
const SESSION: Answers = {
  "POST /v1/subscriptions": { status: 201, body: subscription },
  [`GET ${PATH}/keys/0`]: key,
  [`GET ${PATH}/keys/1`]: key,
  [`GET ${PATH}/keys/2`]: key,
  [`GET ${PATH}`]: [after(1), after(2), after(3)],
  [`POST ${PATH}/close`]: { body: { ...subscription, state: "closed" } },
  [`GET ${PATH}/receipt`]: { body: receipt },
};
const WATCH = ["stream", "watch", "http://127.0.0.1:1", "str_1"];

describe("stream watch", () => {
  const against = closedAfterEach();
  const whats = (asked: readonly Asked[]): string[] => asked.map(({ what }) => what);

  it("opens a session within its limits, fetches the keys in order, closes and reads the receipt", async () => {
    const fake = await against(SESSION);
    const { exit } = await fake.run([...WATCH, "--budget", "60", "--max-unpaid", "5sat"]);
    expect(exit).to.equal(0);
    expect(fake.asked[0]?.body).to.deep.equal({
      site: "http://127.0.0.1:1",
      stream: "str_1",
      budgetMsat: "60000",
      maxUnpaidMsat: "5000",
    });
    expect(whats(fake.asked)).to.deep.equal([
      "POST /v1/subscriptions",
      `GET ${PATH}/keys/0`,
      `GET ${PATH}`,
      `GET ${PATH}/keys/1`,
      `GET ${PATH}`,
      `GET ${PATH}/keys/2`,
      `GET ${PATH}`,
      `POST ${PATH}/close`,
      `GET ${PATH}/receipt`,
    ]);
  });

  it("writes a line of JSON for each unit and one for the receipt", async () => {
    const { run } = await against(SESSION);
    const { out } = await run(WATCH);
    const lines = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ unit, paidMsat, units }) => ({ unit, paidMsat, units }))).to.deep.equal([
      { unit: 0, paidMsat: "1000", units: undefined },
      { unit: 1, paidMsat: "2000", units: undefined },
      { unit: 2, paidMsat: "3000", units: undefined },
      { unit: undefined, paidMsat: "3000", units: 3 },
    ]);
    const [{ ms, ...first } = {}] = lines;
    expect(ms).to.be.a("number");
    expect(first).to.deep.equal({
      subscription: "ses_1",
      unit: 0,
      priceMsatPerUnit: "1000",
      paidMsat: "1000",
      feesMsat: "1",
      owedMsat: "0",
      windowUnits: 4,
      capMsat: "60000",
    });
  });

  it("draws the account anew for each unit on a terminal", async () => {
    const { run } = await against(SESSION);
    const { out } = await run(WATCH, { terminal: true });
    const frames = out.split("\u001b[2A\u001b[J");
    expect(frames.length).to.equal(3);
    expect(frames[1]).to.match(/^█{20}░{10} {2}2\/3 units {2}\d+ ms\n/);
    expect(frames[1]).to.match(/\nprice 1 · paid 2 · fees 0\.002 · owed 0 · window 4 · cap 60 sat\n$/);
  });

  it("closes the session when a unit cannot be paid, and ends with 6", async () => {
    const { run, asked } = await against({
      ...SESSION,
      [`GET ${PATH}/keys/1`]: problem(402, "NEED_TOPUP", "The cap is reached."),
    });
    const { exit, err } = await run(WATCH);
    expect({ exit, code: (JSON.parse(err) as { code: string }).code }).to.deep.equal({ exit: 6, code: "NEED_TOPUP" });
    expect(whats(asked).slice(-2)).to.deep.equal([`GET ${PATH}/keys/1`, `POST ${PATH}/close`]);
  });

  it("ends in good order on Ctrl-C: the unit under way is finished, the session closed", async () => {
    const { run, asked } = await against(SESSION);
    const interrupted = new AbortController();
    const running = run([...WATCH, "--pace", "60"], { interruption: () => interrupted.signal });
    while (!whats(asked).includes(`GET ${PATH}`)) await new Promise((resolve) => setImmediate(resolve));
    interrupted.abort();
    expect((await running).exit).to.equal(0);
    expect(whats(asked)).to.deep.equal([
      "POST /v1/subscriptions",
      `GET ${PATH}/keys/0`,
      `GET ${PATH}`,
      `POST ${PATH}/close`,
      `GET ${PATH}/receipt`,
    ]);
  });

  it("stops after --units, and leaves the session open with --keep-open", async () => {
    const { run, asked } = await against(SESSION);
    const { out } = await run([...WATCH, "--units", "1", "--keep-open"]);
    expect(JSON.parse(out.trimEnd().split("\n").at(-1) ?? "")).to.deep.equal({ id: "ses_1" });
    expect(whats(asked)).to.deep.equal(["POST /v1/subscriptions", `GET ${PATH}/keys/0`, `GET ${PATH}`]);
  });

  it("opens nothing with --dry-run", async () => {
    const { run, asked } = await against(SESSION);
    expect((await run([...WATCH, "--dry-run"])).exit).to.equal(0);
    expect(whats(asked)).to.deep.equal([]);
  });
});

describe("stream page", () => {
  const against = closedAfterEach();

  it("makes a link of the daemon's address, the film and the code, which stands where no server sees it", async () => {
    const code = `lgn_${"A".repeat(43)}`;
    const expiresAt = "2026-01-02T03:09:05.000Z";
    const daemon = await against({ "POST /v1/login-links": { status: 201, body: { code, expiresAt } } });
    const { exit, out } = await daemon.run(["stream", "page", "http://127.0.0.1:9739", "str_1"]);
    const { link, ...rest } = JSON.parse(out) as { readonly link: string };
    expect([exit, rest]).to.deep.equal([0, { expiresAt }]);
    const { origin, pathname, searchParams, hash } = new URL(link);
    expect([origin, pathname, hash]).to.deep.equal([daemon.url, "/demo/video", `#login=${code}`]);
    expect([...searchParams]).to.deep.equal([
      ["site", "http://127.0.0.1:9739"],
      ["stream", "str_1"],
    ]);
  });
});
