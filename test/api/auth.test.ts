import { expect } from "chai";
import {
  bearerOf,
  FIRST_TOKENS,
  identify,
  isStillValid,
  isToken,
  makeFirstTokens,
  makeToken,
  maySeeEvent,
  type NewToken,
  SCOPES,
} from "../../src/api/auth.ts";
import { toHex, utf8 } from "../../src/base/bytes.ts";
import { present } from "../../src/base/result.ts";
import { unixMs } from "../../src/base/units.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { AT } from "./fake-node.ts";
import { closeAll, countingRandom, memoryTokens, world } from "./fixture.ts";

const refused = {
  ok: false,
  error: { code: "UNAUTHORIZED", detail: "The token is missing, wrong, expired or revoked." },
};
const later = unixMs(AT + 1);

describe("tokens", () => {
  const made = makeToken({ label: "shop", scopes: ["invoices:read"], random: countingRandom(), now: AT });
  const tokens = () => {
    const kept = memoryTokens();
    kept.documents.push(made.document);
    return kept;
  };

  it("are slc_<id>_<43 characters of base64url>, of which only the hash of the last part is kept", () => {
    const [, id = "", secret = ""] = present(/^slc_([0-9a-f]{12})_([\w-]{43})$/.exec(made.text), made.text);
    expect(made.document).to.deep.equal({
      id,
      label: "shop",
      scopes: ["invoices:read"],
      secretHash: toHex(sha256(utf8(secret))),
      createdAt: AT,
    });
    expect(JSON.stringify(made.document)).not.to.include(secret);
    expect(isToken(made.document)).to.equal(true);
  });

  it("are known by their text alone", () => {
    expect(identify(tokens(), made.text, AT)).to.deep.equal({ ok: true, value: made.document });
  });

  it("are refused in the same words, whether absent, misspelt, unknown or with another secret", () => {
    const lastChanged = made.text.slice(0, -1) + (made.text.endsWith("A") ? "B" : "A");
    const unknown = `slc_000000000000_${made.text.slice(-43)}`;
    for (const text of [undefined, "", "slc_", made.text.slice(0, -1), `${made.text}=`, lastChanged, unknown]) {
      expect(identify(tokens(), text, AT), String(text)).to.deep.equal(refused);
    }
  });

  it("end at their time, and when they are revoked", async () => {
    const kept = memoryTokens();
    await kept.put({ ...made.document, expiresAt: later });
    expect([identify(kept, made.text, AT).ok, identify(kept, made.text, later).ok]).to.deep.equal([true, false]);
    await kept.put({ ...made.document, revokedAt: AT });
    expect(identify(kept, made.text, AT)).to.deep.equal(refused);
    expect(isStillValid(kept, made.document.id, AT)).to.equal(false);
  });

  it("of a first start are three, each handed out before it is stored; a second start makes none", async () => {
    const kept = memoryTokens();
    const texts: string[] = [];
    const handOut = async ({ text, document }: NewToken): Promise<void> => {
      expect(kept.documents).to.not.include(document);
      texts.push(text);
    };
    await makeFirstTokens(kept, countingRandom(), AT, handOut);
    expect(kept.documents.map(({ label }) => label)).to.deep.equal(["invoice", "readonly", "admin"]);
    expect(texts.map((text) => identify(kept, text, AT).ok)).to.deep.equal([true, true, true]);
    await makeFirstTokens(kept, countingRandom(), AT, () => Promise.reject(new Error("a second start makes none")));
  });

  it("of a first start that was cut off are completed by the next one", async () => {
    const kept = memoryTokens();
    const random = countingRandom();
    const cut = async ({ document }: NewToken): Promise<void> => {
      if (document.label === "admin") throw new Error("killed");
    };
    await makeFirstTokens(kept, random, AT, cut).catch(() => undefined);
    const labels: string[] = [];
    await makeFirstTokens(kept, random, AT, async ({ document }) => void labels.push(document.label));
    expect(labels).to.deep.equal(["admin"]);
    expect(kept.documents.map(({ label }) => label)).to.deep.equal(["invoice", "readonly", "admin"]);
  });

  it("of a first start: one may do all, one may only look, one may make invoices and no more", () => {
    expect(FIRST_TOKENS.admin).to.deep.equal(SCOPES);
    expect(FIRST_TOKENS.readonly.filter((scope) => !scope.endsWith(":read"))).to.deep.equal([]);
    expect(FIRST_TOKENS.invoice.filter((scope) => !scope.endsWith(":read"))).to.deep.equal(["invoices:write"]);
  });

  it("see the events of the families they may read", () => {
    const sees = (type: string, ...scopes: (typeof SCOPES)[number][]): boolean =>
      maySeeEvent({ ...made.document, scopes }, type);
    expect(sees("invoice.settled", "events:read", "invoices:read")).to.equal(true);
    expect(sees("payment.failed", "events:read", "invoices:read")).to.equal(false);
    expect(sees("invoice.settled", "invoices:read")).to.equal(false);
    expect(sees("constructor.x", "events:read", "invoices:read")).to.equal(false);
    expect(sees("unheard.of", ...SCOPES)).to.equal(true);
  });

  it("come in a Bearer header", () => {
    expect([
      bearerOf("Bearer a"),
      bearerOf("bearer  a"),
      bearerOf("Basic a"),
      bearerOf("Bearer a b"),
      bearerOf(undefined),
    ]).to.deep.equal(["a", "a", undefined, undefined, undefined]);
  });
});

describe("a token in a request", () => {
  afterEach(closeAll);

  it("works until it is revoked", async () => {
    const { ask, admin, tokens } = await world();
    expect((await ask("GET /v1/info", { token: admin })).status).to.equal(200);
    const [document] = tokens.documents;
    await tokens.put({ ...present(document, "one token"), revokedAt: AT });
    expect((await ask("GET /v1/info", { token: admin })).status).to.equal(401);
  });

  it("does not count in the URL or in a cookie", async () => {
    const { ask, admin, node } = await world();
    const inUrl = await ask(`POST /v1/wallet/addresses?token=${admin}`);
    const inCookie = await ask("POST /v1/wallet/addresses", { headers: { cookie: `token=${admin}` } });
    expect([inUrl.status, inCookie.status, node.calls]).to.deep.equal([401, 401, []]);
  });

  it("is never logged", async () => {
    const { ask, admin, logged } = await world();
    await ask("GET /v1/info", { token: admin });
    await ask("GET /v1/nothing", { token: admin });
    expect(JSON.stringify(logged)).not.to.include(admin.slice(-43));
  });
});
