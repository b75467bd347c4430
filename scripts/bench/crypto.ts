import { sha256 } from "../../src/crypto/hash.ts";
import type { Secp256k1 } from "../../src/crypto/secp256k1.ts";
import { provider as native } from "../../src/crypto/secp256k1-native.ts";
import { provider as noble } from "../../src/crypto/secp256k1-noble.ts";
import type { BenchLine } from "./line.ts";

/** How long each operation is repeated; the rate is taken over the best of a few such spans, as other load only slows it. */
const SPAN_MS = 120;
const SPANS = 3;

/** Calls of `work` a second. */
export function rateOf(work: (round: number) => void): number {
  for (let round = 0; round < 20; round++) work(round);
  let best = 0;
  for (let span = 0; span < SPANS; span++) {
    const begin = performance.now();
    let done = 0;
    while (performance.now() - begin < SPAN_MS) for (let i = 0; i < 8; i++) work(done++);
    best = Math.max(best, (done * 1000) / (performance.now() - begin));
  }
  return Math.round(best);
}

/** What each provider is asked to do, on inputs that change from call to call. */
function operations(curve: Secp256k1): Readonly<Record<string, (round: number) => void>> {
  const secrets = Array.from({ length: 16 }, (_, at) => sha256(Uint8Array.of(1, at)));
  const digests = Array.from({ length: 16 }, (_, at) => sha256(Uint8Array.of(2, at)));
  const points = secrets.map((secret) => curve.publicKey(secret));
  const signatures = secrets.map((secret, at) => curve.sign(digests[at] as Uint8Array, secret));
  const pick = <T>(list: readonly T[], round: number): T => list[round % 16] as T;
  return {
    sign: (round) => curve.sign(pick(digests, round), pick(secrets, round)),
    verify: (round) => {
      if (!curve.verify(pick(signatures, round), pick(digests, round), pick(points, round))) throw new Error("verify");
    },
    ecdh: (round) => curve.ecdh(pick(points, round), pick(secrets, round + 1)),
  };
}

/** Signing, verifying and ECDH a second by each provider, native compared with noble. Without the binding, noble alone. */
export function* cryptoBench(): Iterable<BenchLine> {
  const oracle = operations(noble);
  const fast = native.name === "native" ? operations(native) : {};
  for (const [name, work] of Object.entries(oracle)) {
    const against = `crypto.${name}.noble`;
    const slow = rateOf(work);
    yield { bench: against, value: slow, unit: "1/s" };
    const quick = fast[name];
    if (quick === undefined) continue;
    const value = rateOf(quick);
    yield {
      bench: `crypto.${name}.native`,
      value,
      unit: "1/s",
      against,
      ratio: Math.round((value / slow) * 100) / 100,
    };
  }
}
