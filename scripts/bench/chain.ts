import { createHash, hash } from "node:crypto";
import { decodeHeader, encodeHeader } from "../../src/bitcoin/block.ts";
import { CHAINS, type ChainParams } from "../../src/bitcoin/params.ts";
import { HeaderRun } from "../../src/chain/header-run.ts";
import { addHeader, headerTree, requiredBits } from "../../src/chain/headers.ts";
import { searchNonce } from "../../src/chain/miner.ts";
import { sha256d } from "../../src/crypto/hash.ts";
import { searchTail } from "../../src/crypto/sha256d80.ts";
import { connectBench } from "./connect.ts";
import { rateOf } from "./crypto.ts";
import { flushBench } from "./flush.ts";
import type { BenchLine } from "./line.ts";
import { rounded } from "./statistics.ts";

/** As many as Bitcoin's chain had at the end of 2024. */
const HEADERS = 850_000;
/** So many are made, and gone through as often as it takes. */
const HEADERS_MADE = 50_000;
/** Bitcoin's rules for the target, with one that a few hashes meet. */
const QUICK: ChainParams = { ...CHAINS.regtest, retargeting: "mainnet" };
const SPACING_S = 600;
const NONCES = 200_000;

/** What the base node does most of while it follows a long chain, and what its miner does. */
export async function* chainBench(): AsyncIterable<BenchLine> {
  const header = encodeHeader(CHAINS.mainnet.genesis.header);
  const openssl = rateOf(() => void twice(header));
  yield { bench: "chain.sha256d.openssl", value: openssl, unit: "1/s" };
  const own = rateOf(() => void sha256d(header));
  yield compared("chain.sha256d", own, "chain.sha256d.openssl", openssl);
  const impossible = new Int32Array(8);
  const searched = rateOf(() => void searchTail(header, impossible, 0, NONCES)) * NONCES;
  yield { bench: "chain.mine", value: searched, unit: "1/s" };
  const raw = makeHeaders();
  yield { bench: "chain.headers.cpu", value: rounded(cpuOfHeaders(raw)), unit: "ms" };
  yield* connectBench();
  yield* flushBench();
}
const compared = (bench: string, value: number, against: string, other: number): BenchLine => ({
  bench,
  value,
  unit: "1/s",
  against,
  ratio: rounded(value / other),
});

/** As one calls it who wants bytes. Asked for text, as `sha256d` does, OpenSSL is quicker: a buffer costs more than the hash. */
const once: (data: Uint8Array) => Uint8Array =
  typeof hash === "function"
    ? (data) => hash("sha256", data, "buffer")
    : (data) => createHash("sha256").update(data).digest();
const twice = (data: Uint8Array): Uint8Array => once(once(data));

/** A chain of them, as bytes. */
function makeHeaders(): readonly Uint8Array[] {
  const tree = headerTree(QUICK);
  let tip = tree.genesis;
  return Array.from({ length: HEADERS_MADE }, (_, at) => {
    const time = tip.header.time + SPACING_S;
    const merkleRoot = new Uint8Array(32).fill(at);
    const draft = { version: 4, previous: tip.hash, merkleRoot, time, bits: requiredBits(QUICK, tip, time), nonce: 0 };
    const nonce = searchNonce(draft, QUICK, { from: 0, count: 2 ** 20 });
    if (nonce === undefined) throw new Error("no nonce");
    const added = addHeader(tree, { ...draft, nonce }, time);
    if (!added.ok) throw new Error(added.error.code);
    tip = added.value;
    return encodeHeader(tip.header);
  });
}
/** Milliseconds of processor time to read and check so many, kept nowhere. */
function cpuOfHeaders(raw: readonly Uint8Array[]): number {
  const begin = process.cpuUsage();
  for (let done = 0; done < HEADERS; done += raw.length) {
    const run = new HeaderRun(QUICK, headerTree(QUICK).genesis);
    for (const bytes of raw.slice(0, HEADERS - done)) {
      const header = decodeHeader(bytes);
      const fault = header.ok ? run.take(header.value, Number.MAX_SAFE_INTEGER) : header.error;
      if (fault !== undefined) throw new Error(fault.code);
    }
  }
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1_000;
}
