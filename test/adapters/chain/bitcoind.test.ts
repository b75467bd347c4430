import { writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { type BitcoindNode, openBitcoind } from "../../../src/adapters/chain/bitcoind/base-node.ts";
import { RpcClient } from "../../../src/adapters/chain/bitcoind/rpc-client.ts";
import { systemClock } from "../../../src/adapters/system.ts";
import type { BlockHash } from "../../../src/base/ids.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { CHAINS, type ChainParams } from "../../../src/bitcoin/params.ts";
import { type RpcWorld, rpcWorld } from "../../bitcoin-rpc/world.ts";
import { ANYONE, buildBlock } from "../../chain/builder.ts";
import { chainSourceContract } from "../../contract/chain-source.ts";
import { noLog, removeFolder, reorganise, settle, tempFolder, testClock } from "./world.ts";

/** Somebody else's Bitcoin node is here the bundled one, behind its own JSON-RPC. */
chainSourceContract("bitcoind", async () => {
  const far: RpcWorld = await rpcWorld();
  const clock = testClock();
  let near: BitcoindNode;
  const quiet = async (): Promise<void> => {
    await settle(far.clock, far.node);
    // The second look begins after all that came before it.
    for (let looks = 0; looks < 2; looks++) await near.look();
  };
  return {
    open: async () => {
      const cookieFile = join(far.folder, ".cookie");
      near = await openBitcoind({
        host: "127.0.0.1",
        port: far.port,
        cookieFile,
        params: CHAINS.regtest,
        clock,
        log: noLog,
      });
      return near;
    },
    reorganise: async (depth) => {
      reorganise(far.node, depth);
      await settle(far.clock, far.node);
    },
    quiet,
    close: async () => {
      await near.stop();
      await far.close();
    },
  };
});

describe("bitcoind: a node that cannot be trusted", () => {
  let folder: string;
  let server: Server;
  const clock = testClock();
  beforeEach(() => {
    folder = tempFolder();
    writeFileSync(join(folder, ".cookie"), "__cookie__:00");
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
    removeFolder(folder);
  });
  const serve = async (answer: (response: ServerResponse, method: string) => void): Promise<RpcClient> => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (piece) => {
        body += String(piece);
      });
      request.on("end", () => answer(response, JSON.parse(body).method));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new RpcClient({ ...place(), clock: hurried, timeoutMs: 200, answerBytesMax: 1_000 });
  };
  const place = () => ({
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    cookieFile: join(folder, ".cookie"),
  });
  /** Pauses between attempts take no time. */
  const hurried = { ...clock, after: (_: number, task: () => void) => systemClock.after(0, task) };

  const cases: readonly (readonly [string, (response: ServerResponse) => void, RegExp])[] = [
    ["cuts the connection", (response) => response.destroy(), /socket hang up|ECONNRESET/],
    ["answers no JSON", (response) => response.end("<html>"), /no JSON \(status 200\)/],
    ["answers with nothing", (response) => response.end("null"), /its answer is none/],
    ["answers too much", (response) => response.end("x".repeat(2_000)), /too large/],
    ["refuses the cookie", (response) => response.writeHead(401).end(), /does not accept the cookie/],
    ["is busy", (response) => response.writeHead(503).end("Work queue depth exceeded"), /status 503/],
    ["says nothing", () => undefined, /takes too long/],
    ["refuses without a code", (response) => response.end('{"result":null,"error":{}}'), /refusal has no code/],
  ];
  for (const [what, answer, detail] of cases) {
    it(`${what}: that is silence, after some attempts`, async () => {
      let asked = 0;
      const client = await serve((response) => {
        asked++;
        answer(response);
      });
      const answered = await client.call("getblockcount");
      expect(answered.ok).to.equal(false);
      expect(!answered.ok && answered.error.tag === "Silent" && answered.error.detail).to.match(detail);
      expect(asked).to.equal(4);
    });
  }
  it("warms up: it is asked again until it has", async () => {
    let asked = 0;
    const client = await serve((response) =>
      response.end(
        ++asked < 3
          ? '{"result":null,"error":{"code":-28,"message":"Loading block index…"}}'
          : '{"result":7,"error":null}',
      ),
    );
    expect(await client.call("getblockcount")).to.deep.equal({ ok: true, value: 7 });
  });
  it("refuses: that is an answer, with its code", async () => {
    const client = await serve((response) =>
      response.writeHead(500).end('{"result":null,"error":{"code":-8,"message":"Block height out of range"}}'),
    );
    expect(await client.call("getblockhash", 9)).to.deep.equal({
      ok: false,
      error: { tag: "Refused", code: -8, message: "Block height out of range" },
    });
  });

  const open = (params: ChainParams = CHAINS.regtest) =>
    openBitcoind({ ...place(), params, clock: hurried, log: noLog, timeoutMs: 200 });
  const failure = async (): Promise<string> =>
    open().then(
      async (node) => {
        await node.stop();
        return "opened";
      },
      (error: Error) => error.message,
    );
  const IDLE = { chain: "regtest", blocks: 0, headers: 0, initialblockdownload: false, pruned: false, mediantime: 1 };
  it("B24: knows no new block for an hour, or is silent as long: its tip is stale, on a network of strangers", async () => {
    const { genesisHash } = CHAINS.testnet4;
    const getblockchaininfo = { ...IDLE, chain: "testnet4", bestblockhash: genesisHash };
    const results: Readonly<Record<string, unknown>> = { getblockchaininfo, getblockhash: genesisHash };
    let isSilent = false;
    await serve((response, method) => {
      if (isSilent) response.destroy();
      else response.end(JSON.stringify({ result: results[method] ?? [], error: null }));
    });
    const near = await open(CHAINS.testnet4);
    await near.look();
    const begun = clock.now();
    clock.pass(54 * 60_000);
    await near.look();
    expect(near.staleSince()).to.equal(undefined);
    isSilent = true;
    clock.pass(60_000);
    await near.look();
    expect(near.staleSince()).to.equal(begun);
    await near.stop();
  });
  it("is on another network: a sentence, and no start", async () => {
    const main = {
      chain: "main",
      blocks: 1,
      headers: 1,
      bestblockhash: "ab".repeat(32),
      initialblockdownload: false,
      pruned: false,
      mediantime: 1,
    };
    await serve((response, method) =>
      response.end(JSON.stringify({ result: method === "getblockhash" ? "cd".repeat(32) : main, error: null })),
    );
    expect(await failure()).to.match(/is on the network main, and this node on regtest\.$/);
  });
  it("has pruned what we have not seen yet: a sentence, and no start; and goes on where it still has all that is needed", async () => {
    const pruned = {
      chain: "regtest",
      blocks: 900,
      headers: 900,
      bestblockhash: "ab".repeat(32),
      initialblockdownload: false,
      pruned: true,
      pruneheight: 500,
      mediantime: 1,
    };
    await serve((response, method) =>
      response.end(
        JSON.stringify({ result: method === "getblockhash" ? CHAINS.regtest.genesisHash : pruned, error: null }),
      ),
    );
    const startAt = async (height: number, watchedFrom?: number): Promise<string> => {
      const node = await open();
      try {
        const script = Uint8Array.of(0x51);
        if (watchedFrom !== undefined) node.watch([{ tag: "Script", script, from: blockHeight(watchedFrom) }]);
        node.start({ height: blockHeight(height), hash: "cd".repeat(32) as BlockHash }, () => undefined);
        return "started";
      } catch (error) {
        return (error as Error).message;
      } finally {
        await node.stop();
      }
    };
    expect(await startAt(498)).to.match(/^This node has to look at block 499 .* keeps blocks from 500 on; /);
    expect([await startAt(499), await startAt(600, 400)]).to.deep.equal(["started", "started"]);
  });
  it("has pruned what a new watch could be met in: the rest is looked at", async () => {
    const far = await rpcWorld({}, { fileBytesMax: 2_500, pruneBytes: 10_000 });
    far.node.start(undefined, () => undefined);
    // The last block comes when everything before it was told.
    for (const blocks of [329, 1]) {
      for (let at = 0; at < blocks; at++) {
        far.node.submit(buildBlock({ brain: far.node.brain, params: CHAINS.regtest }));
      }
      await settle(far.clock, far.node);
      await far.node.settled();
    }
    const where = { host: "127.0.0.1", port: far.port, cookieFile: join(far.folder, ".cookie") };
    const near = await openBitcoind({ ...where, params: CHAINS.regtest, clock: testClock(), log: noLog });
    const met: number[] = [];
    near.start(far.node.tip(), (events) => {
      for (const event of events) if (event.tag === "ScriptPaid") met.push(event.by.block.height);
    });
    near.watch([{ tag: "Script", script: ANYONE, from: blockHeight(1) }]);
    await near.look();
    const lowest = far.node.brain.chain.storage.prunedTo() + 1;
    expect(lowest).to.be.above(1);
    expect(met).to.deep.equal(Array.from({ length: 331 - lowest }, (_, at) => lowest + at));
    await near.stop();
    await far.close();
    await serve((response) => response.end());
  }).timeout(60_000);
  it("has no waitfornewblock, or one that answers at once: it is looked at once a second", async () => {
    for (const answer of [{ code: -32601, message: "Method not found" }, undefined]) {
      const asked = new Map<string, number>();
      const hash = CHAINS.regtest.genesisHash;
      const answers: Readonly<Record<string, unknown>> = {
        getblockchaininfo: { ...IDLE, bestblockhash: hash },
        getblockhash: hash,
        getrawmempool: [],
        waitfornewblock: { hash },
      };
      await serve((response, name) => {
        asked.set(name, (asked.get(name) ?? 0) + 1);
        const error = name === "waitfornewblock" ? answer : undefined;
        response.end(JSON.stringify(error === undefined ? { result: answers[name], error: null } : { error }));
      });
      const node = await openBitcoind({ ...place(), params: CHAINS.regtest, clock, log: noLog });
      while (!asked.has("waitfornewblock")) await node.look();
      for (let second = 0; second < 12; second++) {
        clock.pass(1_000);
        await new Promise((resolve) => setImmediate(resolve));
        await node.look();
      }
      expect(asked.get("waitfornewblock")).to.be.within(1, answer === undefined ? 13 : 1);
      await node.stop();
      server.close();
    }
  });
  it("answers in other types: a sentence, and no start", async () => {
    await serve((response) => response.end('{"result":{"chain":"regtest","blocks":"7"},"error":null}'));
    expect(await failure()).to.match(/getblockchaininfo has an answer of another form/);
  });
  it("has no cookie: a sentence, and no start", async () => {
    await serve((response) => response.end("{}"));
    removeFolder(join(folder, ".cookie"));
    expect(await failure()).to.match(/\.cookie cannot be read \(ENOENT\)/);
  });
});
