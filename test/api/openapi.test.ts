import { expect } from "chai";
import { SCOPES } from "../../src/api/auth.ts";
import { KINDS } from "../../src/api/faults.ts";
import { openApi } from "../../src/api/openapi.ts";
import type { Route } from "../../src/api/route.ts";
import { ROUTES } from "../../src/api/routes/all.ts";
import { present } from "../../src/base/result.ts";
import { closeAll, world } from "./fixture.ts";

type Fields = Readonly<Record<string, unknown>>;
interface Operation {
  readonly operationId: string;
  readonly security: readonly { readonly token?: readonly string[]; readonly login?: readonly string[] }[];
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: { readonly "application/json": { readonly schema: Fields } };
  };
  readonly responses: Fields;
}
const document = openApi(ROUTES, "0.1.0");
const operations = (): (readonly [string, string, Operation])[] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [method, path, operation as Operation] as const),
  );
const operation = (method: string, path: string): Operation =>
  present(operations().find(([m, p]) => m === method && p === path)?.[2], `${method} ${path}`);

describe("/openapi.json", () => {
  afterEach(closeAll);

  it("is served without a token and names itself", async () => {
    const { ask } = await world();
    const { status, json } = await ask("GET /openapi.json");
    expect([status, json["openapi"]]).to.deep.equal([200, "3.1.0"]);
    expect(Object.keys(json["paths"] as Fields)).to.include("/openapi.json");
  });
  it("has every route, once, and what of streams is served beside them, each under a name of its own", () => {
    const listed = operations().map(([method, path]) => `${method} ${path}`);
    expect(listed.sort()).to.deep.equal(
      [
        ...ROUTES.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`),
        "get /s/{stream}/k/{unit}",
        "get /s/{stream}/{file}",
      ].sort(),
    );
    expect(new Set(operations().map(([, , { operationId }]) => operationId)).size).to.equal(listed.length);
  });
  it("describes each parameter in a path", () => {
    for (const [method, path, { parameters }] of operations()) {
      const inPath = parameters.filter((parameter) => parameter.in === "path");
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(
        inPath.map(({ name }) => name),
        `${method} ${path}`,
      ).to.deep.equal(named);
      expect(inPath.every(({ required }) => required)).to.equal(true);
    }
  });
  it("refers to nothing that it does not hold, and is plain JSON", () => {
    const text = JSON.stringify(document);
    expect(JSON.parse(text)).to.deep.equal(document);
    for (const [, pointer = ""] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = pointer.split("/").reduce<unknown>((value, key) => (value as Fields | undefined)?.[key], document);
      expect(found, pointer).to.be.an("object");
    }
  });
  it("says which scope a route needs, and public ones none", () => {
    expect(operation("get", "/livez").security).to.deep.equal([]);
    expect(operation("post", "/v1/payments").security).to.deep.equal([{ token: ["payments:write"] }]);
    for (const [, , { security }] of operations()) {
      for (const { token = [], login = [] } of security) expect(SCOPES).to.include.members([...token, ...login]);
    }
  });
  it("says which routes a browser that has logged in may use", () => {
    const key = operation("get", "/v1/subscriptions/{id}/keys/{unit}");
    expect(key.security).to.deep.equal([{ token: ["subscriptions:write"] }, { login: ["subscriptions:write"] }]);
    const open = operations().filter(([, , { security }]) => security.some(({ login }) => login !== undefined));
    expect([...new Set(open.map(([, path]) => path.split("/")[2]))].sort()).to.deep.equal([
      "chain",
      "events",
      "graph",
      "logins",
      "routes",
      "streams",
      "subscriptions",
    ]);
  });
  it("names each header where it counts, and nowhere else", () => {
    const taking = (name: string): readonly string[] =>
      operations()
        .filter(([, , { parameters }]) => parameters.some((each) => each.in === "header" && each.name === name))
        .map(([method, path]) => `${method} ${path}`)
        .sort();
    const routes = (where: (route: Route) => boolean): readonly string[] =>
      ROUTES.filter(where)
        .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`)
        .sort();
    // Of a secret no answer is kept, and nobody is known by name where no token is asked for.
    expect(taking("Idempotency-Key")).to.deep.equal(
      routes(({ method, secret, scope }) => method === "post" && secret === undefined && scope !== "public"),
    );
    expect(taking("If-None-Match")).to.deep.equal(routes(({ list }) => list === true));
    expect(taking("Prefer")).to.deep.equal(["post /v1/payments"]);
  });
  it("promises a body only where one comes, and says which lists may be unchanged", () => {
    expect(operation("delete", "/v1/peers/{id}").responses).to.have.keys("204", "default");
    expect(operation("delete", "/v1/peers/{id}").responses["204"]).to.deep.equal({ description: "Done" });
    expect(operation("get", "/v1/peers").responses).to.have.keys("2XX", "304", "default");
    expect(operation("get", "/s/{stream}/k/{unit}").responses).to.have.keys("402", "default");
  });
  it("gives the form of bodies: amounts as text, unknown fields refused", () => {
    const { requestBody } = operation("post", "/v1/wallet/sends");
    const decimal = { type: "string", pattern: "^[1-9]\\d{0,18}$" };
    expect(requestBody?.content["application/json"].schema).to.deep.equal({
      type: "object",
      properties: {
        address: { type: "string", pattern: "^[A-Za-z0-9]{14,90}$" },
        amountSat: decimal,
        feerateSatPerKw: {
          type: "integer",
          minimum: 253,
          maximum: 1_000_000,
          description: "satoshis per 1000 weight units",
        },
        coins: {
          type: "array",
          items: { type: "string", pattern: "^[0-9a-f]{64}:\\d{1,10}$" },
          minItems: 1,
          maxItems: 252,
        },
      },
      required: ["address", "amountSat"],
      additionalProperties: false,
    });
    expect([requestBody?.required, operation("post", "/v1/channels/{id}/close").requestBody?.required]).to.deep.equal([
      true,
      false,
    ]);
  });
  it("has an example for every body, and every example is a request that would be accepted", () => {
    for (const { method, path, body, example } of ROUTES) {
      if (body === undefined) continue;
      expect(example, `${method} ${path}`).not.to.equal(undefined);
      expect(body.safeParse(example).error, `${method} ${path}`).to.equal(undefined);
    }
  });
  it("names every code that a problem may have", () => {
    for (const code of Object.keys(KINDS)) expect(document.info.description).to.include(code);
    expect(Object.values(KINDS).every(({ status }) => status >= 400 && status < 600)).to.equal(true);
  });
});
