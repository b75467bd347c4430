import { expect } from "chai";
import fc from "fast-check";
import { localChannelSigner } from "../../../channels/keys/local-signer.ts";
import {
  closingRequest,
  FRESH_MEMORY,
  localCommitmentRequest,
  remoteCommitmentRequest,
  type SignerMemory,
  type SigningRequest,
  spliceRequest,
} from "../../../channels/keys/signer.ts";
import { buildCommitment, type CommitmentSpec } from "../../../channels/tx/commitment.ts";
import type { CommitmentTerms } from "../../../channels/tx/terms.ts";
import { outpointKey, type Txid, txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { sat } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { alice, bob, CAPACITY, keysOf, OUTPOINT, type Side, termsOf } from "../tx/two-sides.ts";
import { quiet, simple } from "./requests.ts";

/** What a transaction is, whatever it is called when it is asked for. */
interface Known {
  readonly whose: "ours" | "the peer's";
  readonly funding: string;
  readonly number: bigint;
}
const known = new Map<Txid, Known>();
const NUMBERS = [0n, 1n, 2n, 3n];
const ALL = CAPACITY * 1000n;
const SPECS = [quiet(ALL / 2n), quiet(ALL), quiet(1_000_000n), simple(ALL / 2n), simple(1_100_000n)];
const FUNDINGS = [OUTPOINT, { txid: txid(new Uint8Array(32).fill(5)), vout: 0 }];
const NO_SHARE = { balance: sat(0n), fee: sat(0n), script: new Uint8Array(22), dustLimit: sat(354n) };

/** One commitment, asked for by each name that there is. */
function named(terms: CommitmentTerms, owner: Side, other: Side, number: bigint, spec: CommitmentSpec) {
  const keys = keysOf(owner, other, number);
  const commitment = buildCommitment(terms, keys, number, spec);
  const { tx, toLocalScript } = commitment;
  const { funding, format } = terms;
  const whose = owner === alice ? "ours" : "the peer's";
  known.set(commitment.txid, { whose, funding: outpointKey(funding.outpoint), number });
  const shown = { tx, toLocalScript };
  const share = { contribution: 0n, coins: sat(0n), fee: sat(0n) };
  const splice = { tx, funding, next: funding, format, commitments: { before: shown, after: shown }, share };
  return [
    remoteCommitmentRequest(terms, keys.perCommitmentPoint, commitment),
    localCommitmentRequest(terms, commitment),
    closingRequest({ funding, format, tx, commitment: shown, share: NO_SHARE }),
    spliceRequest(splice, commitment.txid, 0),
  ];
}
const flipped = (spec: CommitmentSpec) => ({ ...spec, toLocal: spec.toRemote, toRemote: spec.toLocal });
const POOL: readonly SigningRequest[] = FUNDINGS.flatMap((outpoint) =>
  (["anchors", "static_remotekey"] as const).flatMap((format) =>
    NUMBERS.flatMap((number) =>
      SPECS.flatMap((spec) =>
        [
          [alice, bob, spec],
          [bob, alice, flipped(spec)],
        ].flatMap(([owner, other, divided]) => {
          const terms = termsOf(owner as Side, other as Side, alice, format);
          const over = { ...terms, funding: { ...terms.funding, outpoint } };
          return named(over, owner as Side, other as Side, number, divided as CommitmentSpec);
        }),
      ),
    ),
  ),
);

const FIELDS = [
  "number",
  "toLocalScript",
  "perCommitmentPoint",
  "htlcs",
  "htlcScripts",
  "format",
  "commitment",
] as const;
/** A request with some of what others say in place of its own. */
const requests = fc
  .record({
    base: fc.constantFrom(...POOL),
    swaps: fc.array(fc.tuple(fc.constantFrom(...FIELDS), fc.constantFrom(...POOL)), { maxLength: 3 }),
  })
  .map(({ base, swaps }) => {
    const taken = swaps.flatMap(([field, from]) =>
      field in from && field in base ? [[field, from[field as never]]] : [],
    );
    return { ...base, ...Object.fromEntries(taken) } as SigningRequest;
  });
const asks = fc.array(fc.oneof({ weight: 8, arbitrary: requests }, fc.constantFrom(...NUMBERS)), {
  minLength: 40,
  maxLength: 60,
});

function alicesSigner() {
  let memory: SignerMemory = FRESH_MEMORY;
  const owner = {
    nodeSecret: new Uint8Array(32).fill(7),
    chainHash: CHAINS.regtest.genesisHash,
    payTo: () => new Uint8Array(22),
  };
  return localChannelSigner(alice.secrets, owner, {
    get: () => memory,
    set: (next) => {
      memory = next;
    },
  });
}
/** What a node has got from a signer, and what of it contradicts the rest. */
class Loot {
  readonly #secrets = new Set<bigint>();
  readonly #published = new Set<bigint>();
  readonly #peers = new Map<string, Txid>();
  readonly contradictions: string[] = [];

  secret(number: bigint): void {
    this.#secrets.add(number);
    if (this.#published.has(number)) this.contradictions.push(`the secret of ${number}, which may be published`);
  }
  signature({ txid: id, purpose }: SigningRequest): void {
    const { whose, funding, number } = present(known.get(id), "one of the pool");
    const name = `${whose} ${number} as ${purpose}`;
    if (purpose !== (whose === "ours" ? "local_commitment" : "remote_commitment")) this.contradictions.push(name);
    if (whose === "ours") {
      if ([...this.#secrets].some((revoked) => revoked >= number)) this.contradictions.push(`${name}, revoked`);
      this.#published.add(number);
      return;
    }
    const before = this.#peers.get(`${funding} ${number}`);
    if (before !== undefined && before !== id) this.contradictions.push(`${name}, twice`);
    if (before === undefined && this.#published.size > 0) this.contradictions.push(`${name}, after the end`);
    this.#peers.set(`${funding} ${number}`, id);
  }
  get isSome(): boolean {
    return this.#peers.size > 0 && this.#published.size > 0 && this.#secrets.size > 0;
  }
}
function plundered(order: readonly (SigningRequest | bigint)[]): Loot {
  const signer = alicesSigner();
  const loot = new Loot();
  for (const asked of order) {
    if (typeof asked !== "bigint") {
      if (signer.sign(asked).ok) loot.signature(asked);
      continue;
    }
    try {
      signer.keys.commitmentSecret(asked);
      loot.secret(asked);
    } catch {
      // It is not given.
    }
  }
  return loot;
}

describe("a signer whose node asks for anything, by any name and in any order", () => {
  it("gives nothing that contradicts what it gave", () => {
    let some = 0;
    fc.assert(
      fc.property(asks, (order) => {
        const loot = plundered(order);
        if (loot.isSome) some++;
        expect(loot.contradictions).to.deep.equal([]);
      }),
      { seed: 11, numRuns: 250 },
    );
    expect(some).to.be.above(30);
  });
});
