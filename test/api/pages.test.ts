import { expect } from "chai";
import { utf8 } from "../../src/base/bytes.ts";
import type { PageFiles } from "../../src/ports/pages.ts";
import { closeAll, world } from "./fixture.ts";

const HTML = "<!doctype html><title>A page</title>";
const files: PageFiles = async () =>
  new Map([
    ["/demo/video", { type: "text/html; charset=utf-8", bytes: utf8(HTML) }],
    ["/demo/video.js", { type: "text/javascript; charset=utf-8", bytes: utf8("1;") }],
  ]);
const served = (pages: PageFiles = files) => world(undefined, { pages });
/** What a page may do, by the name of the directive. */
const policyOf = (header: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    String(header)
      .split("; ")
      .map((directive) => [directive.split(" ")[0], directive.slice(directive.indexOf(" ") + 1)]),
  );

describe("pages", () => {
  afterEach(closeAll);

  it("are given without a token, as what they are", async () => {
    const { ask } = await served();
    const page = await ask("GET /demo/video?site=x&stream=y");
    expect([page.status, page.bytes.toString()]).to.deep.equal([200, HTML]);
    expect(page.headers).to.include({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "private, no-cache",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
    const script = await ask("GET /demo/video.js");
    expect([script.headers["content-type"], script.bytes.toString()]).to.deep.equal([
      "text/javascript; charset=utf-8",
      "1;",
    ]);
  });
  it("may run scripts from here alone, talk to here and to the site in their address, and stand in no frame", async () => {
    const { ask, api } = await served();
    const own = `'self' ws://127.0.0.1:${api.port} wss://127.0.0.1:${api.port}`;
    const page = await ask(`GET /demo/video?site=${encodeURIComponent("http://127.0.0.1:9739/")}&stream=str_1`);
    expect(policyOf(page.headers["content-security-policy"])).to.deep.equal({
      "default-src": "'none'",
      "script-src": "'self'",
      "style-src": "'self'",
      "img-src": "'self'",
      "media-src": "blob:",
      "connect-src": `${own} http://127.0.0.1:9739`,
      "base-uri": "'none'",
      "form-action": "'none'",
      "frame-ancestors": "'none'",
      "require-trusted-types-for": "'script'",
    });
    for (const site of [
      "",
      "*",
      "https:",
      "data:",
      "http://a b",
      "http://a;script-src *",
      "http://x/'unsafe-inline'",
    ]) {
      const { headers } = await ask(`GET /demo/video?site=${encodeURIComponent(site)}`);
      expect(policyOf(headers["content-security-policy"])["connect-src"], site).to.equal(own);
    }
    const twice = await ask("GET /demo/video?site=http%3A%2F%2Fa&site=http%3A%2F%2Fb");
    expect(policyOf(twice.headers["content-security-policy"])["connect-src"]).to.equal(own);
  });
  it("cost no bytes when the browser has them", async () => {
    const { ask } = await served();
    const { headers } = await ask("GET /demo/video");
    const again = await ask("GET /demo/video", { headers: { "if-none-match": String(headers.etag) } });
    expect([again.status, again.bytes.length]).to.deep.equal([304, 0]);
    const changed = await ask("GET /demo/video.js", { headers: { "if-none-match": String(headers.etag) } });
    expect(changed.status).to.equal(200);
  });
  it("are only read, and nothing beside them is", async () => {
    const { ask, admin: token } = await served();
    for (const path of ["/demo/video/", "/demo/../words", "/demo/video.ts", "/demo", "/demo/%2e%2e/words"]) {
      expect((await ask(`GET ${path}`)).status, path).to.equal(404);
    }
    expect((await ask("POST /demo/video", { token })).status).to.equal(404);
    const head = await ask("HEAD /demo/video");
    expect([head.status, head.bytes.length]).to.deep.equal([200, 0]);
  });
  it("are not given under a name that was made to point here", async () => {
    const { ask } = await served();
    expect((await ask("GET /demo/video", { headers: { host: "evil.example" } })).status).to.equal(403);
  });
  it("that cannot be read are a 500 without a word of why, and the API goes on", async () => {
    const {
      ask,
      admin: token,
      logged,
    } = await served(async () => {
      throw new Error("ENOENT /home/alice/src/web");
    });
    const broken = await ask("GET /demo/video");
    expect([broken.status, broken.bytes.toString()]).to.satisfy(
      ([status, text]: [number, string]) => status === 500 && !text.includes("alice"),
    );
    expect(logged).to.have.length(1);
    expect((await ask("GET /v1/info", { token })).status).to.equal(200);
  });
});
