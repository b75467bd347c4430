import { expect } from "chai";
import fc from "fast-check";
import { msat } from "../../src/base/units.ts";
import {
  accountBody,
  keyBody,
  offersBody,
  parseAccount,
  parseKey,
  parseOffers,
  parseReceipt,
  parseRequest,
  parseTerms,
  receiptBody,
  refusalBody,
  requestBody,
  STREAM_MESSAGES,
  type StreamRequest,
  termsBody,
} from "../../src/streams/messages.ts";
import { offerTicks, openPayeeSession } from "../../src/streams/payee.ts";
import { type Account, NEW_ACCOUNT } from "../../src/streams/session.ts";
import { NODES, PREIMAGE, T0 } from "../payments/fixture.ts";
import { PAYEE_SECRETS, SESSION, TERMS, throughJson } from "./pair.ts";

const REQUESTS: readonly StreamRequest[] = [
  { name: "stream.open", session: SESSION, stream: "film", payer: NODES.self },
  { name: "stream.offers", session: SESSION, sequence: (1n << 64n) - 1n, attempt: 2, ticks: [[0], [1, 2]] },
  { name: "stream.key", session: SESSION, slot: 3 },
  { name: "stream.pause", session: SESSION },
  { name: "stream.resume", session: SESSION },
  { name: "stream.close", session: SESSION },
  { name: "stream.receipt", session: SESSION, signature: new Uint8Array(64).fill(1) },
];
const ACCOUNT: Account = {
  sequence: 9_007_199_254_740_993n,
  units: 4,
  paid: msat(4_000n),
  firstPreimage: PREIMAGE,
  lastPreimage: undefined,
};
const offers = () => {
  const session = openPayeeSession(SESSION, NODES.self, TERMS, T0);
  const made = offerTicks(session, PAYEE_SECRETS, { sequence: 0n, attempt: 1, ticks: [[0], [1, 2]] });
  if (!made.ok) throw new Error(made.error.code);
  return { offers: made.value.offers, signature: new Uint8Array(64).fill(2) };
};

describe("stream messages", () => {
  for (const request of REQUESTS) {
    it(`${request.name} is read as it was written`, () => {
      expect(parseRequest(request.name, throughJson(requestBody(request)))).to.deep.equal({ ok: true, value: request });
    });
  }
  it("have a request of every name here", () => {
    expect(REQUESTS.map(({ name }) => name)).to.deep.equal([...STREAM_MESSAGES]);
  });
  it("answer with terms, offers, keys, accounts and receipts that are read as they were written", () => {
    const sample = offers();
    expect(parseTerms(throughJson(termsBody(TERMS)))).to.deep.equal({ ok: true, value: TERMS });
    expect(parseOffers(throughJson(offersBody(sample)))).to.deep.equal({ ok: true, value: sample });
    const key = new Uint8Array(16).fill(4);
    expect(parseKey(3, throughJson(keyBody(3, key)))).to.deep.equal({ ok: true, value: key });
    for (const account of [ACCOUNT, NEW_ACCOUNT]) {
      expect(parseAccount(throughJson(accountBody(account)))).to.deep.equal({ ok: true, value: account });
      for (const signature of [undefined, new Uint8Array(64)]) {
        const read = parseReceipt(throughJson(receiptBody(account, signature)));
        expect(read).to.deep.equal({ ok: true, value: { account, signature } });
      }
    }
  });
  it("carry a refusal in place of any answer, with a sentence where it helps", () => {
    const refused = (body: unknown) => parseTerms(throughJson(body));
    expect(refused(refusalBody({ code: "out_of_sequence", sequence: 3n, paid: msat(9n) }))).to.deep.equal({
      ok: false,
      error: { code: "refused", siteCode: "out_of_sequence", detail: "tick 3 is next, 9 msat are paid" },
    });
    expect(refused(refusalBody({ code: "session_closed" }))).to.deep.equal({
      ok: false,
      error: { code: "refused", siteCode: "session_closed", detail: "session_closed" },
    });
    expect(refused(refusalBody({ code: "misshapen", pointer: "/slot" }))).to.deep.equal({
      ok: false,
      error: { code: "refused", siteCode: "misshapen", detail: "misshapen at /slot" },
    });
  });
});

describe("stream messages from strangers", () => {
  const pointer = (name: string, body: unknown): unknown => {
    const read = parseRequest(name, body);
    return read.ok ? "taken" : read.error.pointer;
  };
  const key = { session: SESSION, slot: 3 };
  it("are refused with the member at fault", () => {
    const bad: readonly (readonly [string, unknown])[] = [
      ["stream.key", { ...key, slot: "3" }],
      ["stream.key", { ...key, slot: -1 }],
      ["stream.key", { ...key, slot: 1.5 }],
      ["stream.key", { ...key, slot: 2 ** 40 }],
      ["stream.key", { slot: 3 }],
      ["stream.key", { ...key, session: "00" }],
      ["stream.key", { ...key, session: "zz".repeat(32) }],
      ["stream.key", { ...key, more: 1 }],
      ["stream.open", { session: SESSION, stream: "x".repeat(129), payer: NODES.self }],
      ["stream.open", { session: SESSION, stream: "film", payer: "ff".repeat(33) }],
      ["stream.open", { session: SESSION, stream: "film", payer: `02${"ff".repeat(32)}` }],
      ["stream.offers", { session: SESSION, sequence: 0, attempt: 1, ticks: [] }],
      ["stream.offers", { session: SESSION, sequence: "01", attempt: 1, ticks: [] }],
      ["stream.offers", { session: SESSION, sequence: (1n << 64n).toString(), attempt: 1, ticks: [] }],
      ["stream.offers", { session: SESSION, sequence: "0", attempt: 1, ticks: [["0"]] }],
      ["stream.offers", { session: SESSION, sequence: "0", attempt: 1, ticks: Array(65).fill([0]) }],
    ];
    expect(bad.map(([name, body]) => pointer(name, body))).to.deep.equal([
      "/slot",
      "/slot",
      "/slot",
      "/slot",
      "/session",
      "/session",
      "/session",
      "/more",
      "/stream",
      "/payer",
      "/payer",
      "/sequence",
      "/sequence",
      "/sequence",
      "/ticks",
      "/ticks",
    ]);
  });
  it("are refused as a whole when they are no objects or have no known name", () => {
    const whole = [null, undefined, 1, "x", [], [key]].map((body) => pointer("stream.key", body));
    expect([...whole, pointer("stream.steal", key), pointer("__proto__", key)]).to.deep.equal(Array(8).fill(""));
  });
  it("cannot reach what objects inherit", () => {
    expect(pointer("stream.key", JSON.parse('{"__proto__":{"slot":3},"session":"x"}'))).to.equal("/__proto__");
  });
  it("are refused when the terms name a payee that no record could be read back with", () => {
    for (const payee of ["ff".repeat(33), `02${"ff".repeat(32)}`])
      expect(parseTerms({ ...termsBody(TERMS), payee })).to.deep.equal({
        ok: false,
        error: { code: "misshapen", pointer: "/payee" },
      });
  });
  it("are refused when an answer is for another slot or has no unit to sell", () => {
    expect(parseKey(4, keyBody(3, new Uint8Array(16)))).to.deep.equal({
      ok: false,
      error: { code: "misshapen", pointer: "/slot" },
    });
    const empty = [{ units: 0 }, { unitSeconds: 0 }, { windowUnits: 0 }].map((change) =>
      parseTerms({ ...termsBody(TERMS), ...change }),
    );
    expect(empty.map((read) => read.ok)).to.deep.equal([false, false, false]);
  });
  it("never make a parser throw, for any JSON", () => {
    const parsers = [parseTerms, parseOffers, parseAccount, parseReceipt, (value: unknown) => parseKey(0, value)];
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...STREAM_MESSAGES), (value, name) => {
        for (const parse of parsers) expect(parse(value).ok).to.equal(false);
        expect(parseRequest(name, value).ok).to.equal(false);
      }),
      { seed: 51, numRuns: 500 },
    );
  });
  it("never make a parser throw, one member of a good message at a time", () => {
    const good = [...REQUESTS.map((request) => [request.name, requestBody(request)] as const)];
    fc.assert(
      fc.property(fc.constantFrom(...good), fc.nat({ max: 3 }), fc.jsonValue(), ([name, body], index, value) => {
        const members = Object.keys(body);
        const member = members[index % members.length] as string;
        expect(parseRequest(name, { ...body, [member]: value })).to.have.property("ok");
      }),
      { seed: 52, numRuns: 500 },
    );
  });
});
