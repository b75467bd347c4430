import { expect } from "chai";
import { ROUTES } from "../../src/api/routes/all.ts";
import { sluiceClient } from "../../src/cli/client.ts";
import type { ApiClient } from "../../src/cli/http.ts";
import { HASH, NODE } from "./samples.ts";

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}
/** A client that reaches nothing and remembers what it would have asked. */
function recorded(): { readonly api: ApiClient; readonly requests: Request[] } {
  const requests: Request[] = [];
  const answer = { data: [], hasMore: false, next: null };
  const record = (method: string, path: string, body?: unknown): Promise<never> => {
    requests.push({ method, path, body });
    return Promise.resolve(answer as never);
  };
  const api: ApiClient = {
    url: "",
    token: undefined,
    get: (path) => record("get", path),
    post: (path, body) => record("post", path, body),
    ask: (path, body) => record("post", path, body),
    delete: (path) => record("delete", path),
    bytes: (path) => record("get", path),
  };
  return { api, requests };
}
const ADDRESS = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

const BATCH = [
  { peer: NODE, capacitySat: "1" },
  { peer: NODE, capacitySat: "2", announce: false },
];

async function askAboutFunding(client: ReturnType<typeof sluiceClient>, id: string): Promise<void> {
  await client.bumpFunding(id, { feerateSatPerKw: 2_500 });
  await client.spliceChannel(id, { direction: "in", amountSat: "250000" });
  await client.openChannels({ channels: BATCH });
}

async function askAboutKeysends(client: ReturnType<typeof sluiceClient>, id: string): Promise<void> {
  const customRecords = { "7629169": "7b7d" };
  await client.pay({ keysend: NODE, amountMsat: "1", customRecords, maxFeeMsat: "1", timeoutSeconds: 9 });
  await Promise.all([client.keysends(), client.keysend(id)]);
}

/** Every method of the client once, with everything it can be given. */
async function askEverything(api: ApiClient): Promise<void> {
  const client = sluiceClient(api);
  const id = HASH;
  await Promise.all([client.info(), client.balance(), client.chain(), client.transactions(), client.utxos()]);
  await Promise.all([client.peers(), client.channels(), client.graphNodes(), client.graphChannels()]);
  await Promise.all([client.invoices(), client.payments(), client.streams(), client.subscriptions()]);
  await client.events(3, 500);
  await client.shutdown();
  await client.loginLink();
  await client.mine({ blocks: 6, address: ADDRESS });
  await client.mineSteadily({ everySeconds: 10, address: ADDRESS });
  await client.stopMining();
  await Promise.all([
    client.block("7"),
    client.header(HASH),
    client.branches(24, 110),
    client.difficulty(),
    client.chainTransaction(HASH),
    client.proof(HASH),
  ]);
  await Promise.all([client.unspent(`${HASH}:1`), client.mempool(), client.chainPeers()]);
  await client.stamp({ root: HASH, feerateSatPerKw: 253 });
  await client.newAddress({ type: "taproot", label: "rent" });
  await client.bumpFee(HASH, { method: "cpfp", feerateSatPerKw: 253 });
  await client.rescan({ fromHeight: 7 });
  await client.addWatch({ descriptor: `addr(${ADDRESS})`, label: "cold", gap: 5, fromHeight: 7 });
  await client.removeWatch("89f8spxm");
  await Promise.all([client.watches(), client.watchedUtxos(), client.watchedTransactions(), client.descriptors()]);
  await client.setLabel({ type: "output", ref: `${HASH}:0`, label: "rent", origin: "", spendable: false });
  await client.importLabels("{}");
  await client.labels();
  await Promise.all([client.backup(), client.verifyBackup("sluice-backup-1:AAAA")]);
  await Promise.all([client.lock(`${HASH}:0`), client.unlock(`${HASH}:0`)]);
  await client.send({ address: ADDRESS, amountSat: "5000", feerateSatPerKw: 253, coins: [`${HASH}:0`] });
  await client.createPsbt({ address: ADDRESS, amountSat: "5000", feerateSatPerKw: 253, anyFee: true });
  await client.showPsbt("cHNidP8BAA==");
  await client.signPsbt({ psbt: "cHNidP8BAA==", anyFee: true });
  await client.combinePsbts(["cHNidP8BAA=="]);
  await client.finalizePsbt("cHNidP8BAA==");
  await client.sendPsbt({ psbt: "cHNidP8BAA==" });
  await client.releasePsbt(HASH);
  await client.connect(`${NODE}@127.0.0.1:9735`);
  await client.disconnect(NODE);
  await Promise.all([client.channel(id), client.explainChannel(id)]);
  await client.openChannel({ peer: NODE, capacitySat: "1", pushMsat: "1", announce: false, feerateSatPerKw: 253 });
  await askAboutFunding(client, id);
  await client.closeChannel(id, { address: ADDRESS, feerateSatPerKw: 253 });
  await client.route({ to: NODE, amountMsat: "1", maxFeeMsat: "0" });
  await client.createInvoice({ amountMsat: "1", description: "a", expirySeconds: 60, externalId: "b" });
  await client.invoice(id);
  await client.pay({ bolt11: "lnbcrt250n1pexample", amountMsat: "1", maxFeeMsat: "1", timeoutSeconds: 9 }, 60);
  await client.payment(id);
  await askAboutKeysends(client, id);
  await client.decode("lnbcrt250n1pexample");
  const film = { title: "a", source: "/srv/a", priceMsatPerSecond: "1", segmentSeconds: 1, freeSeconds: 0 };
  await client.addStream(film);
  await client.subscribe({ site: "http://127.0.0.1:9739", stream: "str_1", budgetMsat: "1", maxUnpaidMsat: "1" });
  await Promise.all([client.subscription(id), client.pause(id), client.resume(id), client.close(id)]);
  await Promise.all([client.receipt(id), client.key(id, 7)]);
}

/** Public doors for supervisors, what lists already show, and what only pages in a browser ask. */
const LEFT_OUT = [
  "delete /v1/logins/current",
  "get /livez",
  "get /readyz",
  "get /s/:stream",
  "get /v1/streams/:id",
  "post /v1/logins",
];

describe("the typed client", () => {
  const routeOf = ({ method, path }: Request) =>
    ROUTES.find((route) => {
      const form = new RegExp(`^${route.path.replaceAll(/:\w+/g, "[^/]+")}$`);
      return route.method === method && form.test(path.replace(/\?.*/, ""));
    });

  it("asks only what the API serves, in bodies that the API's own schemas take", async () => {
    const { api, requests } = recorded();
    await askEverything(api);
    const wrong = requests.filter((request) => {
      const schema = routeOf(request)?.body;
      return routeOf(request) === undefined || (schema !== undefined && !schema.safeParse(request.body).success);
    });
    expect(requests.length).to.be.above(30);
    expect(wrong).to.deep.equal([]);
  });

  it("has a method for every route of the API", async () => {
    const { api, requests } = recorded();
    await askEverything(api);
    const asked = new Set(requests.map(routeOf));
    const unasked = ROUTES.filter((route) => !asked.has(route)).map(({ method, path }) => `${method} ${path}`);
    expect(unasked.sort()).to.deep.equal(LEFT_OUT);
  });
});
