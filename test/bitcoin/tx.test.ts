import { expect } from "chai";
import fc from "fast-check";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { txid as makeTxid } from "../../src/base/ids.ts";
import { SAT_MAX, sat } from "../../src/base/units.ts";
import {
  COINBASE_VOUT,
  decodeClaimedTx,
  decodeTx,
  encodeTx,
  isCoinbase,
  type Tx,
  txidOf,
  vsizeOf,
  weightOf,
  wtxidOf,
} from "../../src/bitcoin/tx.ts";
import { sha256d } from "../../src/crypto/hash.ts";

const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const anyTx: fc.Arbitrary<Tx> = fc.record({
  version: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  inputs: fc.array(
    fc.record({
      prevout: fc.record({ txid: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(makeTxid), vout: u32 }),
      scriptSig: bytes(30),
      sequence: u32,
      witness: fc.array(bytes(20), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  outputs: fc.array(fc.record({ amount: fc.bigInt({ min: 0n, max: SAT_MAX }).map(sat), script: bytes(30) }), {
    maxLength: 4,
  }),
  locktime: u32,
});

const hasWitness = (tx: Tx): boolean => tx.inputs.some(({ witness }) => witness.length > 0);
const stripped = (tx: Tx): Tx => ({ ...tx, inputs: tx.inputs.map((input) => ({ ...input, witness: [] })) });

describe("BIP 144 §Serialization: transactions", () => {
  it("come back from their bytes", () => {
    fc.assert(
      fc.property(anyTx, (tx) => {
        expect(decodeTx(encodeTx(tx))).to.deep.equal({ ok: true, value: tx });
        expect(encodeTx(tx)[4] === 0).to.equal(hasWitness(tx));
      }),
      { seed: 1 },
    );
  });
  it("have a txid that no witness changes, and a wtxid that each does", () => {
    fc.assert(
      fc.property(anyTx, (tx) => {
        expect(txidOf(tx)).to.equal(txidOf(stripped(tx)));
        expect(wtxidOf(stripped(tx))).to.equal(txidOf(tx));
        expect(wtxidOf(tx) === txidOf(tx)).to.equal(!hasWitness(tx));
      }),
      { seed: 2 },
    );
  });
  it("have ids that are hashes of their bytes, without witnesses and with them, of any size", () => {
    const idOf = (bytes: Uint8Array): string => makeTxid(sha256d(bytes));
    const large = [1, 70_000, 200_000].map((size): Tx => {
      const prevout = { txid: makeTxid(new Uint8Array(32).fill(3)), vout: 1 };
      const input = { prevout, scriptSig: new Uint8Array(size), sequence: 5, witness: [new Uint8Array(size)] };
      return {
        version: -2,
        inputs: [input, input],
        outputs: [{ amount: sat(9n), script: input.scriptSig }],
        locktime: 6,
      };
    });
    const areHashes = (tx: Tx): void => {
      expect([txidOf(tx), wtxidOf(tx)]).to.deep.equal([idOf(encodeTx(stripped(tx))), idOf(encodeTx(tx))]);
    };
    for (const tx of large) areHashes(tx);
    fc.assert(fc.property(anyTx, areHashes), { seed: 5 });
  });
  it("weigh four units a byte, one a byte of witness", () => {
    fc.assert(
      fc.property(anyTx, (tx) => {
        const [bare, full] = [encodeTx(stripped(tx)).length, encodeTx(tx).length];
        expect(weightOf(tx)).to.equal(4 * bare + (full - bare));
        expect(vsizeOf(tx)).to.equal(Math.ceil(weightOf(tx) / 4));
      }),
      { seed: 3 },
    );
  });
  it("never throw from any bytes, and are read in one form only", () => {
    fc.assert(
      fc.property(anyTx, fc.nat(), fc.integer({ min: 0, max: 255 }), (tx, at, byte) => {
        const damaged = encodeTx(tx);
        damaged[at % damaged.length] = byte;
        const read = decodeTx(damaged);
        if (read.ok) expect(toHex(encodeTx(read.value))).to.equal(toHex(damaged));
      }),
      { seed: 4, numRuns: 1000 },
    );
  });
});

describe("transactions that do not decode", () => {
  const input = `${"11".repeat(32)}0000000000ffffffff`;
  const codeOf = (hex: string): string => {
    const read = decodeTx(fromHex(hex));
    return read.ok ? "ok" : `${read.error}`;
  };
  it("say why", () => {
    const cases: readonly (readonly [string, string])[] = [
      [`0100000001${input}0000000000`, "ok"],
      [`0100000001${input}000000000000`, "trailing_bytes"],
      [`01000000000101${input}000000000000`, "not_minimal at witness"],
      [`01000000000201${input}000000000000`, "invalid at flag"],
      [`01000000fd0100${input}0000000000`, "not_minimal"],
      [`0100000001${input}01ffffffffffffffff0000000000`, "out_of_range at amount"],
      [`0100000001${input}010140075af07507000000000000`, "out_of_range at amount"],
      ["0100000001", "short_read"],
    ];
    expect(cases.map(([hex]) => codeOf(hex))).to.deep.equal(cases.map(([, code]) => code));
  });
});

describe("transactions of strangers", () => {
  it("decode with any amount that 64 bits hold, and have the txid that their bytes have", () => {
    const rest = `0100000001${"11".repeat(32)}0000000000ffffffff`;
    const amounts = [0n, -1n, SAT_MAX, SAT_MAX + 1n, 2n ** 53n, -(2n ** 32n), 2n ** 63n - 1n, -(2n ** 63n)];
    for (const amount of amounts) {
      const le = Buffer.alloc(8);
      le.writeBigInt64LE(amount);
      const bytes = fromHex(`${rest}01${le.toString("hex")}0000000000`);
      const read = decodeClaimedTx(bytes);
      if (!read.ok) throw read.error;
      expect(read.value.outputs.map((output) => output.amount)).to.deep.equal([amount]);
      expect(toHex(encodeTx(read.value))).to.equal(toHex(bytes));
      expect(txidOf(read.value)).to.equal(makeTxid(sha256d(bytes)));
    }
  });
});

describe("isCoinbase", () => {
  const zero = makeTxid(new Uint8Array(32));
  const spending = (prevouts: readonly { txid: typeof zero; vout: number }[]): Tx => ({
    version: 1,
    inputs: prevouts.map((prevout) => ({ prevout, scriptSig: new Uint8Array(0), sequence: 0, witness: [] })),
    outputs: [],
    locktime: 0,
  });
  it("is one input that spends nothing", () => {
    const nothing = { txid: zero, vout: COINBASE_VOUT };
    const other = { txid: makeTxid(new Uint8Array(32).fill(1)), vout: COINBASE_VOUT };
    expect(
      [[nothing], [nothing, nothing], [other], [{ txid: zero, vout: 0 }], []].map((list) => isCoinbase(spending(list))),
    ).to.deep.equal([true, false, false, false, false]);
  });
});
