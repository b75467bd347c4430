import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { type Block, blockHashOf } from "../../../src/bitcoin/block.ts";
import { encodeTx, type Tx, txidOf } from "../../../src/bitcoin/tx.ts";
import { stampScript } from "../../../src/chain/notary.ts";
import { buildBlock, COIN, matured, output, spend } from "../../chain/builder.ts";
import { type Answers, fakeDaemon, page, problem } from "../daemon.ts";
import { proofJson } from "./proof-json.ts";

/** A block with a transaction that holds a root. */
function stampedBlock(root: string): { readonly block: Block; readonly tx: Tx } {
  const chain = matured(1);
  const tx = spend(chain.coins, [output(COIN), { amount: 0n as never, script: stampScript(fromHex(root)) }]);
  return { block: buildBlock(chain, { txs: [tx] }), tx };
}
const TXID = "ab".repeat(32);

describe("sluice notary", () => {
  let folder: string;
  let files: readonly [string, string];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-notary-"));
    files = [join(folder, "will.txt"), join(folder, "deed.txt")];
    await writeFile(files[0], "I leave everything to the ducks.");
    await writeFile(files[1], "The pond is theirs.");
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Runs a command line against a daemon with these answers, and says what was posted. */
  const run = async (answers: Answers, ...args: readonly string[]) => {
    const daemon = await fakeDaemon({ "GET /v1/chain": { body: { network: "regtest" } }, ...answers });
    const ran = await daemon.run(["notary", ...args]);
    const posted = daemon.asked.filter(({ what }) => what.startsWith("POST")).map(({ body }) => body);
    await daemon.close();
    return { ...ran, posted };
  };
  /** Stamps both files; gives the root that was sent to the chain. */
  const stampBoth = async (): Promise<string> => {
    const { posted } = await run(
      { "POST /v1/notary/stamps": { status: 201, body: { txid: TXID } } },
      "stamp",
      ...files,
    );
    return (posted[0] as { readonly root: string }).root;
  };
  const bind = async (txid: string): Promise<void> => {
    for (const file of files) {
      const stamp = JSON.parse(await readFile(`${file}.stamp`, "utf8"));
      await writeFile(`${file}.stamp`, JSON.stringify({ ...stamp, txid }));
    }
  };
  const answersFor = (stamped: ReturnType<typeof stampedBlock>, confirmations: number): Answers => {
    const [txid, hash] = [txidOf(stamped.tx), blockHashOf(stamped.block.header)];
    const place = { hash, height: 102, confirmations };
    return {
      [`GET /v1/chain/transactions/${txid}`]: { body: { txid, block: place } },
      [`GET /v1/chain/proofs/${txid}`]: { body: proofJson(stamped.block) },
      [`GET /v1/chain/headers/${hash}`]: { body: { ...place, header: "" } },
    };
  };

  it("stamps many documents by one root, and leaves a stamp beside each", async () => {
    const root = await stampBoth();
    expect(root).to.match(/^[0-9a-f]{64}$/);
    const stamps = await Promise.all(files.map(async (file) => JSON.parse(await readFile(`${file}.stamp`, "utf8"))));
    expect(stamps.map(({ index, branch, txid, proof }) => [index, branch.length, txid, proof])).to.deep.equal([
      [0, 1, TXID, null],
      [1, 1, TXID, null],
    ]);
  });
  it("stamps nothing when a stamp is there already, or a file is not", async () => {
    await stampBoth();
    const again = await run({}, "stamp", ...files);
    expect([again.exit, again.posted]).to.deep.equal([2, []]);
    const missing = await run({}, "stamp", join(folder, "nothing"));
    expect([missing.exit, missing.posted]).to.deep.equal([2, []]);
  });
  it("verifies a document once its transaction is mined, and from then on by the stamp and headers alone", async () => {
    const stamped = stampedBlock(await stampBoth());
    const txid = txidOf(stamped.tx);
    await bind(txid);
    const waiting = await run(
      { [`GET /v1/chain/transactions/${txid}`]: { body: { txid, block: null } } },
      "verify",
      files[0],
    );
    expect([waiting.exit, JSON.parse(waiting.err).detail]).to.deep.equal([
      1,
      `The transaction ${txid} of ${files[0]}.stamp waits to be mined.`,
    ]);
    for (const file of files) {
      const found = await run(answersFor(stamped, 6), "verify", file);
      expect(JSON.parse(found.out)).to.deep.include({
        file,
        txid,
        block: blockHashOf(stamped.block.header),
        time: new Date(stamped.block.header.time * 1000).toISOString(),
        confirmations: 6,
      });
    }
    const { [`GET /v1/chain/headers/${blockHashOf(stamped.block.header)}`]: header } = answersFor(stamped, 9);
    const later = await run(
      { [`GET /v1/chain/headers/${blockHashOf(stamped.block.header)}`]: header as never },
      "verify",
      files[0],
    );
    expect(JSON.parse(later.out).confirmations).to.equal(9);
    const gone = await run(answersFor(stamped, 0), "verify", files[1]);
    expect(gone.exit).to.equal(1);
  });
  it("stamps nothing with --dry-run, and verifies without keeping the proof", async () => {
    const dry = await run({}, "stamp", ...files, "--dry-run");
    expect([dry.exit, dry.posted]).to.deep.equal([0, []]);
    const stamped = stampedBlock(await stampBoth());
    await bind(txidOf(stamped.tx));
    const before = await readFile(`${files[0]}.stamp`, "utf8");
    const found = await run(answersFor(stamped, 6), "verify", files[0], "--dry-run");
    expect([found.exit, JSON.parse(found.out).confirmations]).to.deep.equal([0, 6]);
    expect(await readFile(`${files[0]}.stamp`, "utf8")).to.equal(before);
  });
  it("follows a stamp whose transaction was replaced for a higher fee, and says so when nothing took its place", async () => {
    const stamped = stampedBlock(await stampBoth());
    const gone = problem(404, "NOT_FOUND", "There is no such transaction.");
    const txid = txidOf(stamped.tx);
    const entry = (id: string, label = "stamp of documents") => ({
      txid: id,
      deltaSat: "-300",
      feeSat: "300",
      height: null,
      label,
    });
    const other = stampedBlock("cd".repeat(32));
    const shown = ({ tx }: typeof stamped, block: unknown) => ({
      body: { txid: txidOf(tx), block, hex: toHex(encodeTx(tx)) },
    });
    const answers = (...list: readonly ReturnType<typeof entry>[]): Answers => ({
      ...answersFor(stamped, 6),
      [`GET /v1/chain/transactions/${TXID}`]: gone,
      [`GET /v1/chain/transactions/${txid}`]: shown(stamped, { height: 102 }),
      [`GET /v1/chain/transactions/${txidOf(other.tx)}`]: shown(other, { height: 102 }),
      "GET /v1/wallet/transactions?limit=500": page(list),
    });
    const lost = await run(answers(entry(txidOf(other.tx)), entry(txid, "sent")), "verify", files[0]);
    expect([lost.exit, JSON.parse(lost.err).detail]).to.deep.equal([
      1,
      `The node knows neither the transaction ${TXID} of ${files[0]}.stamp nor one in its place.`,
    ]);
    const found = await run(answers(entry(txid), entry(txidOf(other.tx))), "verify", files[0]);
    expect(JSON.parse(found.out)).to.deep.include({ txid, confirmations: 6 });
    expect(JSON.parse(await readFile(`${files[0]}.stamp`, "utf8"))).to.deep.include({ txid });
  });
  it("does not verify a document that was changed, another one's stamp, or a transaction without it", async () => {
    const stamped = stampedBlock(await stampBoth());
    await bind(txidOf(stamped.tx));
    await writeFile(files[0], "I leave everything to the swans.");
    expect((await run(answersFor(stamped, 6), "verify", files[0])).exit).to.equal(1);
    expect((await run(answersFor(stamped, 6), "verify", files[1], "--stamp", `${files[0]}.stamp`)).exit).to.equal(1);
    const other = stampedBlock("cd".repeat(32));
    await bind(txidOf(other.tx));
    const without = await run(answersFor(other, 6), "verify", files[1]);
    expect([without.exit, JSON.parse(without.err).detail]).to.deep.equal([
      1,
      `${files[1]}.stamp is of a transaction without this document.`,
    ]);
    await writeFile(`${files[1]}.stamp`, "{}");
    expect((await run({}, "verify", files[1])).exit).to.equal(2);
  });
});
