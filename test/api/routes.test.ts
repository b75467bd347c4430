import { expect } from "chai";
import { SCOPES } from "../../src/api/auth.ts";
import { BYTES } from "../../src/api/route.ts";
import { ROUTES } from "../../src/api/routes/all.ts";
import { present } from "../../src/base/result.ts";
import { BACKUP_CASES } from "./cases/backups.ts";
import { CHAIN_CASES } from "./cases/chain.ts";
import { LABEL_CASES } from "./cases/labels.ts";
import { NODE_CASES } from "./cases/node.ts";
import { PAYMENT_CASES } from "./cases/payments.ts";
import { PSBT_CASES } from "./cases/psbts.ts";
import { STREAM_CASES } from "./cases/streams.ts";
import { WALLET_CASES } from "./cases/wallet.ts";
import { WATCH_CASES } from "./cases/watches.ts";
import { closeAll, world } from "./fixture.ts";

/** They answer with secrets, drawn anew each time: see logins.test.ts. */
const TRIED_ELSEWHERE = ["post /v1/login-links", "post /v1/logins", "delete /v1/logins/current"];
const ROUTE_CASES = [
  ...NODE_CASES,
  ...CHAIN_CASES,
  ...PAYMENT_CASES,
  ...STREAM_CASES,
  ...WALLET_CASES,
  ...PSBT_CASES,
  ...WATCH_CASES,
  ...LABEL_CASES,
  ...BACKUP_CASES,
];

const nameOf = (route: { readonly method: string; readonly path: string }): string => `${route.method} ${route.path}`;
const routeOf = (name: string) =>
  present(
    ROUTES.find((route) => nameOf(route) === name),
    name,
  );

describe("routes", () => {
  afterEach(closeAll);

  it("are each tried below", () => {
    const tried = new Set([...ROUTE_CASES.map(({ route }) => route), ...TRIED_ELSEWHERE]);
    expect([...tried].sort()).to.deep.equal(ROUTES.map(nameOf).sort());
  });

  for (const { route: name, ask, body, calls = [], status, location, answer, malformed = [] } of ROUTE_CASES) {
    describe(name, () => {
      it("asks the node what the request says and answers in declared JSON", async () => {
        const { ask: send, admin, node } = await world();
        const reply = await send(ask, { token: admin, body });
        expect({ status: reply.status, location: reply.headers.location }).to.deep.equal({ status, location });
        expect(node.calls).to.deep.equal(calls);
        const { response } = routeOf(name);
        if (response === BYTES) {
          expect([...reply.bytes]).to.deep.equal([...(answer as Uint8Array)]);
        } else {
          expect(reply.json).to.deep.equal(answer);
          if (status !== 204) expect(response.safeParse(reply.json).error).to.equal(undefined);
        }
      });

      const { scope } = routeOf(name);
      if (scope !== "public") {
        it("refuses without a token, and with every scope but its own", async () => {
          const { ask: send, token, node } = await world();
          const without = await send(ask, { body });
          expect([without.status, without.json["code"]]).to.deep.equal([401, "UNAUTHORIZED"]);
          expect(without.headers["www-authenticate"]).to.equal('Bearer realm="sluice"');
          const others = token(...SCOPES.filter((other) => other !== scope));
          const insufficient = await send(ask, { body, token: others });
          expect([insufficient.status, insufficient.json["code"]]).to.deep.equal([403, "RESTRICTED"]);
          expect(node.calls).to.deep.equal([]);
          expect((await send(ask, { body, token: token(scope) })).status).to.equal(status);
        });
      }

      for (const [change, pointer] of malformed) {
        it(`refuses ${JSON.stringify(change, (_, value) => value ?? null).slice(0, 60)} and names ${pointer}`, async () => {
          const { ask: send, admin, node } = await world();
          const reply = await send(ask, { token: admin, body: { ...body, ...change } });
          expect([reply.status, reply.json["code"]]).to.deep.equal([400, "BAD_REQUEST"]);
          const errors = reply.json["errors"] as readonly { readonly pointer: string }[];
          expect(errors.map((error) => error.pointer)).to.include(pointer);
          expect(node.calls).to.deep.equal([]);
        });
      }
    });
  }
});
