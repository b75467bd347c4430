import { ScriptThreads } from "../../src/adapters/chain/embedded/script-threads.ts";
import { concat } from "../../src/base/bytes.ts";
import type { Outpoint, Txid } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { sat } from "../../src/base/units.ts";
import { type Block, decodeBlock, encodeBlock } from "../../src/bitcoin/block.ts";
import { scriptSignature } from "../../src/bitcoin/der.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { pushOnly, script } from "../../src/bitcoin/script.ts";
import { SIGHASH_ALL, type SighashesOf, sighashesOf } from "../../src/bitcoin/sighash.ts";
import { multisig2of2, p2pkhOf, p2shOf, p2tr, p2wpkhOf, p2wshOf } from "../../src/bitcoin/templates.ts";
import { type Tx, type TxIn, type TxOut, wtxidOf } from "../../src/bitcoin/tx.ts";
import { type NodeBrain, nodeBrain, takeBlock, takeVerdict } from "../../src/chain/brain.ts";
import type { Coin } from "../../src/chain/coins.ts";
import { hashBlock } from "../../src/chain/hashed-block.ts";
import { memoryStorage } from "../../src/chain/memory-storage.ts";
import { assembleBlock, searchNonce } from "../../src/chain/miner.ts";
import { schnorr } from "../../src/crypto/schnorr.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { BenchLine } from "./line.ts";
import { median, rounded } from "./statistics.ts";
import { signedDigests, VerifyThreads } from "./verify-threads.ts";

const INPUTS = 2_000;
const INPUTS_OF_TX = 2;
const ROUNDS = 15;
/** Before anything counts: threads start, and code is compiled, that of rare scripts in each thread last. */
const WARM_UP = 10;
const AMOUNT = sat(100_000n);
const NOW = 1_700_000_000;
const { regtest } = CHAINS;

/** An output of one kind, and what spends it. */
interface Kind {
  readonly output: TxOut;
  readonly signatures: number;
  sign(digests: SighashesOf, at: number): Pick<TxIn, "scriptSig" | "witness">;
}
const SECRET = new Uint8Array(32).fill(5);
const KEY = secp256k1.publicKey(SECRET);
const NONE = new Uint8Array(0);
const ecdsa = (digest: Uint8Array): Uint8Array => scriptSignature(secp256k1.sign(digest, SECRET), SIGHASH_ALL);
const paidTo = (to: Uint8Array): TxOut => ({ amount: AMOUNT, script: to });
const keyHash: Kind = {
  output: paidTo(p2wpkhOf(KEY)),
  signatures: 1,
  sign: (digests, at) => ({
    scriptSig: NONE,
    witness: [ecdsa(digests.segwit(at, p2pkhOf(KEY), AMOUNT, SIGHASH_ALL)), KEY],
  }),
};
const nested: Kind = {
  ...keyHash,
  output: paidTo(p2shOf(p2wpkhOf(KEY))),
  sign: (digests, at) => ({ ...keyHash.sign(digests, at), scriptSig: pushOnly(p2wpkhOf(KEY)) }),
};
const legacy: Kind = {
  output: paidTo(p2pkhOf(KEY)),
  signatures: 1,
  sign: (digests, at) => ({
    scriptSig: pushOnly(ecdsa(digests.legacy(at, p2pkhOf(KEY), SIGHASH_ALL)), KEY),
    witness: [],
  }),
};
const JOINT = multisig2of2(KEY, KEY);
const joint: Kind = {
  output: paidTo(p2wshOf(JOINT)),
  signatures: 2,
  sign: (digests, at) => {
    const signature = ecdsa(digests.segwit(at, JOINT, AMOUNT, SIGHASH_ALL));
    return { scriptSig: NONE, witness: [NONE, signature, signature, JOINT] };
  },
};
const taproot: Kind = {
  output: paidTo(p2tr(schnorr.publicKey(SECRET))),
  signatures: 1,
  sign: (digests, at) => {
    const digest = present(digests.taproot({ index: at, hashType: 0 }), "a known hash type");
    return { scriptSig: NONE, witness: [schnorr.sign(digest, SECRET, new Uint8Array(32))] };
  },
};
const MIX = [keyHash, keyHash, keyHash, taproot, nested, legacy, keyHash, taproot, joint, keyHash];

/** A block and the coins that it spends. */
interface Prepared {
  /** As it comes over the wire. */
  readonly bytes: Uint8Array;
  readonly coins: readonly { readonly outpoint: Outpoint; readonly coin: Coin }[];
  readonly signatures: number;
}
function prepare(kinds: readonly Kind[]): Prepared {
  const all = Array.from({ length: INPUTS }, (_, at) => present(kinds[at % kinds.length], "a kind"));
  const outpointAt = (at: number): Outpoint => ({ txid: (at + 1).toString(16).padStart(64, "0") as Txid, vout: 0 });
  const coins = all.map(({ output }, at) => ({
    outpoint: outpointAt(at),
    coin: { output, height: 0, coinbase: false },
  }));
  const txs: Tx[] = [];
  for (let at = 0; at < INPUTS; at += INPUTS_OF_TX) {
    const own = all.slice(at, at + INPUTS_OF_TX);
    const inputs = own.map((_, index) => ({
      prevout: outpointAt(at + index),
      scriptSig: NONE,
      sequence: 0xffff_fffd,
      witness: [],
    }));
    const outputs = own.map(() => keyHash.output);
    const draft: Tx = { version: 2, inputs, outputs, locktime: 0 };
    const digests = sighashesOf(
      draft,
      own.map(({ output }) => output),
    );
    txs.push({
      ...draft,
      inputs: inputs.map((input, index) => ({ ...input, ...present(own[index], "a kind").sign(digests, index) })),
    });
  }
  const { chain } = nodeBrain(regtest, memoryStorage());
  const chosen = txs.map((tx) => ({ tx, wtxid: wtxidOf(tx), fee: sat(0n) }));
  const place = { params: regtest, previous: chain.tip, script: script(1n), now: NOW, extraNonce: NONE };
  const block = assembleBlock(chosen, { ...place, extraNonce: concat(new Uint8Array(8)) });
  const nonce = present(searchNonce(block.header, regtest, { from: 0, count: 10_000 }), "an easy target");
  const signatures = all.reduce((sum, kind) => sum + kind.signatures, 0);
  return { bytes: encodeBlock({ ...block, header: { ...block.header, nonce } }), coins, signatures };
}
/** A node that has the coins and not the block. */
function nodeBefore({ coins }: Prepared, inputsAtOnce: number): NodeBrain {
  const storage = memoryStorage();
  const genesis = { block: regtest.genesis, hash: regtest.genesisHash, txids: [] };
  const fresh = coins.map((each) => ({ ...each, before: undefined }));
  storage.commit({
    tag: "Connect",
    block: genesis,
    height: 0,
    coins: fresh,
    undo: [],
    totals: { count: coins.length, total: 0n },
  });
  const brain = nodeBrain(regtest, storage);
  brain.chain.inputsAtOnce = inputsAtOnce;
  return brain;
}
/** New values each time: nothing is known of them yet. */
function readBlock({ bytes }: Prepared): Block {
  const block = decodeBlock(bytes);
  if (!block.ok) throw block.error;
  return block.value;
}
const isConnected = ({ chain }: NodeBrain): void => {
  if (chain.tip.height !== 1) throw new Error("the block was not connected");
};

/** Milliseconds from a decoded block to the new tip, on this thread alone. */
function connectAlone(prepared: Prepared): number {
  const brain = nodeBefore(prepared, Number.POSITIVE_INFINITY);
  const block = readBlock(prepared);
  const begin = performance.now();
  takeBlock(brain, hashBlock(block), NOW);
  const taken = performance.now() - begin;
  isConnected(brain);
  return taken;
}
/** The same with scripts verified by threads; and of that, how long this thread was not free. */
async function connectWith(threads: ScriptThreads, prepared: Prepared): Promise<{ all: number; busy: number }> {
  const brain = nodeBefore(prepared, 0);
  brain.chain.verifier = threads;
  const block = readBlock(prepared);
  const begin = performance.now();
  takeBlock(brain, hashBlock(block), NOW);
  const busy = performance.now() - begin;
  const waiting = present(brain.chain.waiting, "a block that waits");
  const verdict = await threads.verify(waiting.connected.scripts);
  if (verdict.tag === "Judged") takeVerdict(brain, waiting, verdict.fault, NOW);
  const all = performance.now() - begin;
  isConnected(brain);
  return { all, busy };
}
/** Milliseconds to verify so many signatures and nothing else on this thread. */
function verifyAlone(samples: ReturnType<typeof signedDigests>, count: number): number {
  const begin = performance.now();
  for (let done = 0; done < count; done++) {
    const { signature, digest, point } = present(samples[done % samples.length], "a sample");
    secp256k1.verify(signature, digest, point);
  }
  return performance.now() - begin;
}

/** What each round measures: milliseconds, and those of processor time by all threads. */
interface Rounds {
  readonly rawAll: number[];
  readonly rawCpu: number[];
  readonly all: number[];
  readonly cpu: number[];
  readonly busy: number[];
  readonly rawOne: number[];
  readonly one: number[];
}
/** Of the whole process, while `work` goes on. */
async function withCpu<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly cpu: number }> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, cpu: (user + system) / 1000 };
}

/** A block of 2,000 inputs, with threads and without, beside the signatures in it verified alone: round by round. */
export async function* connectBench(): AsyncIterable<BenchLine> {
  const [raw, threads] = [new VerifyThreads(), new ScriptThreads()];
  const samples = signedDigests();
  for (const [name, kinds] of [
    ["p2wpkh", [keyHash]],
    ["mix", MIX],
  ] as const) {
    const prepared = prepare(kinds);
    const { signatures } = prepared;
    const rounds: Rounds = { rawAll: [], rawCpu: [], all: [], cpu: [], busy: [], rawOne: [], one: [] };
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const verified = await withCpu(() => raw.verify(signatures));
      const connected = await withCpu(() => connectWith(threads, prepared));
      const rawOne = verifyAlone(samples, signatures);
      const one = connectAlone(prepared);
      if (round < 0) continue;
      rounds.rawAll.push(verified.result);
      rounds.rawCpu.push(verified.cpu);
      rounds.all.push(connected.result.all);
      rounds.cpu.push(connected.cpu);
      rounds.busy.push(connected.result.busy);
      rounds.rawOne.push(rawOne);
      rounds.one.push(one);
    }
    yield* linesOf(`chain.connect.${name}`, signatures, rounds);
  }
  await raw.close();
  await threads.close();
}
function* linesOf(base: string, signatures: number, rounds: Rounds): Iterable<BenchLine> {
  const { rawAll, rawCpu, all, cpu, busy, rawOne, one } = rounds;
  const perSecond = (count: number, times: readonly number[]): number => rounded((count * 1000) / median(times));
  const perInput = (times: readonly number[]): number => rounded((median(times) * 1000) / INPUTS);
  const ratio = (times: readonly number[], others: readonly number[]): number =>
    rounded(median(times.map((time, at) => (others[at] ?? Number.NaN) / time)));
  const raw = `${base}.raw`;
  yield { bench: raw, value: perSecond(signatures, rawAll), unit: "1/s" };
  yield { bench: base, value: perSecond(INPUTS, all), unit: "1/s", against: raw, ratio: ratio(all, rawAll) };
  yield { bench: `${raw}.cpu`, value: perInput(rawCpu), unit: "us" };
  yield { bench: `${base}.cpu`, value: perInput(cpu), unit: "us", against: `${raw}.cpu`, ratio: ratio(cpu, rawCpu) };
  yield { bench: `${base}.mainThread`, value: rounded(median(busy)), unit: "ms" };
  yield { bench: `${raw}.one`, value: perSecond(signatures, rawOne), unit: "1/s" };
  const alone = { value: perSecond(INPUTS, one), unit: "1/s", ratio: ratio(one, rawOne) } as const;
  yield { bench: `${base}.one`, ...alone, against: `${raw}.one` };
}
