import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { blockHeight } from "../../../src/base/units.ts";
import { blockHashOf, encodeHeader } from "../../../src/bitcoin/block.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { buildBlock, COIN, give, grow, matured, output, spend } from "../../chain/builder.ts";
import { fakeDaemon, NOW_MS, page, problem } from "../daemon.ts";
import { proofJson } from "./proof-json.ts";

/** With everything as long as it can be. */
const PEER = {
  address: "2001:db8:85a3:8d3:1319:8a2e:370:7348:8333",
  inbound: false,
  agent: "/Satoshi:30.0.0/",
  height: 921_003,
  services: ["NETWORK", "WITNESS", "COMPACT_FILTERS", "NETWORK_LIMITED", "P2P_V2"],
  since: new Date(NOW_MS - 3.5 * 3_600_000).toISOString(),
  pingMs: 34,
  bytesReceived: 7_345_678_901,
  bytesSent: 456,
};

describe("sluice chain odds", () => {
  const told = async (...args: readonly string[]) => {
    const daemon = await fakeDaemon({});
    const [people, programs] = [
      await daemon.run(["chain", "odds", ...args], { terminal: true }),
      await daemon.run(["chain", "odds", ...args]),
    ];
    await daemon.close();
    return { people, programs };
  };

  it("tells the odds of the white paper, without a daemon", async () => {
    const { people, programs } = await told("--attacker", "0.3", "--depth", "5");
    expect(people.out).to.equal("0.1773523\n");
    const { attacker, depth, probability } = JSON.parse(programs.out);
    expect({ attacker, depth, probability: probability.toFixed(7) }).to.deep.equal({
      attacker: 0.3,
      depth: 5,
      probability: "0.1773523",
    });
    expect((await told("--depth", "5")).people.out).to.equal("0.0009137\n");
  });
  it("refuses what is no part of the whole and no number of blocks", async () => {
    for (const args of [
      ["--attacker", "1.1"],
      ["--attacker", "-0.1"],
      ["--attacker", "half"],
      ["--depth", "2.5"],
      ["--depth", "10001"],
    ])
      expect((await told(...args)).programs.exit, args.join(" ")).to.equal(2);
  });
});

describe("sluice chain mine", () => {
  it("names few blocks one by one, of many the last one, and all of them to a program", async () => {
    const hashes = Array.from({ length: 101 }, (_, at) => at.toString(16).padStart(64, "0"));
    for (const [many, people] of [
      [2, `${hashes[0]}\n${hashes[1]}\n`],
      [101, `101 blocks, the last one ${hashes[100]}\n`],
    ] as const) {
      const body = { blocks: hashes.slice(0, many) };
      const daemon = await fakeDaemon({ "POST /v1/chain/mine": { body } });
      expect((await daemon.run(["chain", "mine", String(many)], { terminal: true })).out).to.equal(people);
      expect(JSON.parse((await daemon.run(["chain", "mine", String(many)])).out)).to.deep.equal(body);
      await daemon.close();
    }
  });
  it("begins and ends a steady pace, told in seconds with or without their letter", async () => {
    const daemon = await fakeDaemon({
      "POST /v1/chain/miner": { body: { everySeconds: 10 } },
      "DELETE /v1/chain/miner": { status: 204, body: null },
    });
    const ran = await daemon.run(["chain", "mine", "--every", "10s"], { terminal: true });
    expect(ran.out).to.equal("a block every 10 seconds from now on\n");
    await daemon.run(["chain", "mine", "--every", "10"]);
    expect((await daemon.run(["chain", "mine", "--stop"])).exit).to.equal(0);
    expect(daemon.asked.map(({ what, body }) => [what, body])).to.deep.equal([
      ["POST /v1/chain/miner", { everySeconds: 10 }],
      ["POST /v1/chain/miner", { everySeconds: 10 }],
      ["DELETE /v1/chain/miner", undefined],
    ]);
    await daemon.close();
  });
});

describe("sluice chain prove and verify-proof", () => {
  /** A chain whose last block but one holds a transaction, and the proof of that as the API tells it. */
  const chain = matured(1);
  const tx = spend(chain.coins, [output(COIN - 500n)]);
  const block = buildBlock(chain, { txs: [tx], fees: 500n });
  give(chain, block);
  grow(chain, 1);
  const proof = proofJson(block);
  const [txid, hash] = [txidOf(tx), blockHashOf(block.header)];
  const { tip } = chain.brain.chain;
  const headers = Buffer.concat(
    Array.from({ length: tip.height }, (_, at) => {
      const source = present(chain.brain.chain.index.tree.nodes.get(hashAt(at + 1)), "a header of the chain");
      return encodeHeader(source.header);
    }),
  );
  function hashAt(height: number) {
    let node = tip;
    while (node.height > blockHeight(height)) node = present(node.previous, "a block below");
    return node.hash;
  }
  const chainInfo = { network: "regtest" };
  const headerAt = (confirmations: number) => ({ hash, height: 102, confirmations, header: proof.header });

  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-proof-"));
  });
  after(() => rm(folder, { recursive: true }));
  const file = async (name: string, content: string | Uint8Array): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };
  const verify = async (answers: Parameters<typeof fakeDaemon>[0], ...args: readonly string[]) => {
    const daemon = await fakeDaemon(answers);
    const ran = await daemon.run(["chain", "verify-proof", ...args]);
    await daemon.close();
    return ran;
  };

  it("prints the proof as it stands in the answer, for a file", async () => {
    const daemon = await fakeDaemon({ [`GET /v1/chain/proofs/${txid}`]: { body: proof } });
    expect(JSON.parse((await daemon.run(["chain", "prove", txid])).out)).to.deep.equal(proof);
    await daemon.close();
  });
  it("holds it against the headers of the daemon: how deep the block stands there, or that it does not", async () => {
    const path = await file("proof", JSON.stringify(proof));
    const answers = (confirmations: number) => ({
      "GET /v1/chain": { body: chainInfo },
      [`GET /v1/chain/headers/${hash}`]: { body: headerAt(confirmations) },
    });
    const found = await verify(answers(7), path);
    expect(JSON.parse(found.out)).to.deep.equal({ txid, block: hash, network: "regtest", confirmations: 7 });
    const stale = await verify(answers(0), path);
    expect([stale.exit, JSON.parse(stale.err).detail]).to.deep.equal([
      1,
      `The proof holds, but its block ${hash} is not in that chain.`,
    ]);
    const unknown = {
      "GET /v1/chain": { body: chainInfo },
      [`GET /v1/chain/headers/${hash}`]: problem(404, "NOT_FOUND", "No."),
    };
    expect((await verify(unknown, path)).exit).to.equal(5);
    expect((await verify({ "GET /v1/chain": { body: { network: "sluicenet" } } }, path)).exit).to.equal(1);
  });
  it("holds it against a file of headers, without a daemon, and checks every one of them", async () => {
    const path = await file("proof", JSON.stringify(proof));
    const found = await verify({}, path, "--headers", await file("headers", headers));
    expect(JSON.parse(found.out)).to.deep.equal({ txid, block: hash, network: "regtest", confirmations: 2 });
    expect((await verify({}, path, "--headers", await file("few", headers.subarray(0, 80 * 50)))).exit).to.equal(1);
    expect((await verify({}, path, "--headers", await file("cut", headers.subarray(0, 81)))).exit).to.equal(2);
    const bent = Uint8Array.from(headers);
    bent[80 * 3 + 40] = (bent[80 * 3 + 40] as number) ^ 1;
    expect((await verify({}, path, "--headers", await file("bent", bent))).exit).to.equal(2);
  });
  it("refuses a proof that does not hold, and a file that is none", async () => {
    const wrong = { ...proof, index: 0 };
    const refused = await verify({}, await file("wrong", JSON.stringify(wrong)));
    expect([refused.exit, JSON.parse(refused.err).detail]).to.deep.equal([1, "The proof does not hold: wrong_branch."]);
    for (const [at, text] of [
      "",
      "{}",
      "[]",
      JSON.stringify({ ...proof, header: "00" }),
      JSON.stringify({ ...proof, branch: ["xy"] }),
      JSON.stringify({ ...proof, network: "moonnet" }),
    ].entries())
      expect((await verify({}, await file(`none${at}`, text))).exit, text.slice(0, 20)).to.equal(2);
    expect((await verify({}, join(folder, "nothing"))).exit).to.equal(2);
  });
});

describe("sluice chain, looking at it", () => {
  const HASH = "ab".repeat(32);
  const place = { hash: HASH, height: 1234, confirmations: 6 };
  it("shows a transaction to people with what it spends and makes", async () => {
    const answer = {
      txid: HASH,
      feeSat: "500",
      weight: 561,
      block: place,
      inputs: [{ outpoint: `${HASH}:1`, spent: { amountSat: "1500", script: "51", address: "bcrt1qfrom" } }],
      outputs: [
        { amountSat: "1000", script: "51", address: "bcrt1qto" },
        { amountSat: "0", script: "6a", address: null },
      ],
    };
    const daemon = await fakeDaemon({ [`GET /v1/chain/transactions/${HASH}`]: { body: answer } });
    expect((await daemon.run(["chain", "tx", HASH], { terminal: true })).out.split("\n")).to.deep.equal([
      `txid           ${HASH}`,
      `block          ${HASH} at height 1,234`,
      "confirmations  6",
      "fee            500 sat",
      "weight         561",
      "",
      `SPENDS${" ".repeat(60)}    SAT  OF`,
      `${HASH}:1  1,500  bcrt1qfrom`,
      "",
      "MAKES       SAT",
      "bcrt1qto  1,000",
      "6a            0",
      "",
    ]);
    await daemon.close();
  });
  it("shows who the base node's peers are, and what waits", async () => {
    const daemon = await fakeDaemon({
      "GET /v1/chain/peers?limit=500": page([
        { ...PEER, address: "127.0.0.1:18444", inbound: true, agent: "/x\u001b/", height: 9 },
        PEER,
      ]),
      "GET /v1/chain/mempool?limit=500": page([{ txid: HASH, feeSat: "1500", vsize: 141 }]),
    });
    const shown = (await daemon.run(["chain", "peers"], { terminal: true, columns: 80 })).out;
    expect(shown.split("\n")).to.deep.equal([
      "ADDRESS                BY  SERVES   HEIGHT  FOR  PING     IN   OUT  PROGRAM",
      "127.0.0.1:18444        it  nwcl2         9   3h  34ms  7.3GB  456B  x?",
      "2001:db8:85a3:8…:8333  us  nwcl2   921,003   3h  34ms  7.3GB  456B  Satoshi:30.…",
      "",
    ]);
    for (const line of shown.split("\n")) expect(line.length).to.be.at.most(80);
    const waiting = await daemon.run(["chain", "mempool"], { terminal: true });
    expect(waiting.out).to.equal(`TXID${" ".repeat(60)}    FEE  VBYTES\n${HASH}  1,500     141\n`);
    await daemon.close();
  });
});
