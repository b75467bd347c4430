import { concat, reversed, toHex } from "../../src/base/bytes.ts";
import { hashBytes } from "../../src/base/ids.ts";
import { sat } from "../../src/base/units.ts";
import { encodeHeader } from "../../src/bitcoin/block.ts";
import { merkleRoot } from "../../src/bitcoin/merkle.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { decodeCompact, encodeCompact, retarget, workOf } from "../../src/bitcoin/pow.ts";
import { SIGHASH_ANYONECANPAY, sighashesOf } from "../../src/bitcoin/sighash.ts";
import { multisig2of2, p2pkhOf } from "../../src/bitcoin/templates.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { sha256d } from "../../src/crypto/hash.ts";
import type { Freezer } from "../freeze-vectors.ts";
import { ALICE, BOB, coins, draw, drawNumber, drawTxid, EMPTY, hexOfTx, range, signed, spend } from "./bitcoin-own.ts";

/** Transactions of random parts, and random scripts of the opcodes that matter to digests. */
function randomTx(label: string): Tx {
  const code = (part: string): Uint8Array =>
    draw(`${label} ${part}`, drawNumber(`${label} ${part} size`, 10)).map(
      (byte) => [0x51, 0x63, 0x6a, 0xab, 0xac][byte % 5] ?? 0,
    );
  return {
    version: drawNumber(`${label} version`, 2 ** 31),
    inputs: range(1 + drawNumber(`${label} inputs`, 4), (i) => ({
      prevout: { txid: drawTxid(`${label} ${i}`), vout: drawNumber(`${label} vout ${i}`, 5) },
      scriptSig: code(`in ${i}`),
      sequence: drawNumber(`${label} sequence ${i}`, 2 ** 32),
      witness: [],
    })),
    outputs: range(drawNumber(`${label} outputs`, 4), (i) => ({
      amount: sat(BigInt(drawNumber(`${label} amount ${i}`, 1e8))),
      script: code(`out ${i}`),
    })),
    locktime: drawNumber(`${label} locktime`, 2 ** 32),
  };
}
function legacySighashes(): unknown {
  const rows = range(60, (i) => {
    const label = `sighash ${i}`;
    const tx = randomTx(label);
    const code = draw(`${label} code`, i % 7).map((byte) => [0x51, 0xab, 0xac][byte % 3] ?? 0);
    const index = drawNumber(`${label} index`, tx.inputs.length);
    const base = i % 2 === 0 ? drawNumber(`${label} type`, 2 ** 32) | 0 : 1 + (i % 3);
    const hashType = i % 5 === 0 ? base | SIGHASH_ANYONECANPAY : base;
    return [hexOfTx(tx), toHex(code), index, hashType, toHex(reversed(sighashesOf(tx).legacy(index, code, hashType)))];
  });
  return [["raw_transaction, script, input_index, hashType, signature_hash (reversed)"], ...rows];
}

/** The preimage put together field by field, so that it stands beside the digest of `src/bitcoin/sighash.ts`. BIP 143 §Specification. */
function preimage(tx: Tx, index: number, code: Uint8Array, amount: bigint, type: number): Uint8Array {
  const number = (value: bigint, size: number): Uint8Array =>
    Uint8Array.from({ length: size }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
  const u32 = (value: number): Uint8Array => number(BigInt(value >>> 0), 4);
  const outpoint = ({ prevout }: Tx["inputs"][number]) => concat(hashBytes(prevout.txid), u32(prevout.vout));
  const output = (at: number): Uint8Array => {
    const found = tx.outputs[at];
    return found === undefined
      ? EMPTY
      : concat(number(found.amount, 8), Uint8Array.of(found.script.length), found.script);
  };
  const zeros = new Uint8Array(32);
  const [outputs, anyone] = [type & 0x1f, (type & SIGHASH_ANYONECANPAY) !== 0];
  const allOutputs = sha256d(concat(...range(tx.outputs.length, output)));
  const own = output(index).length > 0 ? sha256d(output(index)) : zeros;
  const input = tx.inputs[index];
  if (input === undefined) return EMPTY;
  return concat(
    u32(tx.version),
    anyone ? zeros : sha256d(concat(...tx.inputs.map(outpoint))),
    anyone || outputs !== 1 ? zeros : sha256d(concat(...tx.inputs.map(({ sequence }) => u32(sequence)))),
    outpoint(input),
    Uint8Array.of(code.length),
    code,
    number(amount, 8),
    u32(input.sequence),
    outputs === 1 ? allOutputs : outputs === 3 ? own : zeros,
    u32(tx.locktime),
    u32(type),
  );
}
function segwitSighashes(): unknown {
  const amount = 54_321n;
  const codes = [p2pkhOf(ALICE.point), multisig2of2(ALICE.point, BOB.point)];
  const examples = [1, 2, 3, 0x81, 0x82, 0x83].map((type) => {
    const tx = spend(`bip143 ${type}`, coins(sat(amount)).slice(0, 3));
    const sighashes = codes.flatMap((code) =>
      range(3, (index) => {
        const bytes = preimage(tx, index, code, amount, type);
        return { preimage: toHex(bytes), sighash: toHex(sha256d(bytes)) };
      }),
    );
    return { name: `hash type ${type}`, unsigned_txs: [], signed_txs: [hexOfTx(tx)], sighashes };
  });
  return { _note: "transactions of our own; the preimages are put together by scripts/freeze/bitcoin.ts", examples };
}

function merkleCases(): unknown {
  const leaves = (count: number) => range(count, (i) => draw(`leaf ${i}`));
  const row = (list: readonly Uint8Array[]) => ({ leaves: list.map(toHex), root: toHex(merkleRoot(list).root) });
  const doubled = (list: readonly Uint8Array[], tail: number) => [...list, ...list.slice(-tail)];
  return {
    _note: "leaves and roots in the order hashed; mutated: a repeated tail gives the same root",
    cases: range(9, (i) => row(leaves(i + 1))),
    mutated: [row(doubled(leaves(3), 1)), row(doubled(leaves(6), 2)), row(doubled(leaves(5), 1))],
  };
}

const hex8 = (bits: number): string => bits.toString(16).padStart(8, "0");
function targets(): unknown {
  const compact = [0x1d00ffff, 0x207fffff, 0x1e0377ae, 0x03000001, 0x02008000, 0x1b0404cb, 0x04923456, 0xff123456];
  const spans = [1_209_600, 600_000, 3_000_000, 100, 100_000_000];
  return {
    compact: compact.map((bits) => {
      const { target, negative, overflow } = decodeCompact(bits);
      const reencoded = hex8(encodeCompact(target) | (negative ? 0x80_0000 : 0));
      const hex = target.toString(16).padStart(64, "0");
      return {
        bits: hex8(bits),
        target: overflow ? null : hex,
        negative,
        overflow,
        reencoded: overflow ? null : reencoded,
      };
    }),
    compact_encode_extra: [0x80n, 0x8000n, 0x7fn].map((target) => ({
      target: target.toString(16).padStart(64, "0"),
      bits: hex8(encodeCompact(target)),
    })),
    retarget: (["mainnet", "testnet4", "signet", "regtest"] as const).flatMap((network) =>
      spans.map((timespan) => {
        const [firstBits, lastBits] = [0x1c00ffff, 0x1c0fffff];
        const first = { height: 0, time: 0, bits: firstBits };
        const next = retarget(CHAINS[network], { first, last: { height: 2015, time: timespan, bits: lastBits } });
        const [first_bits, last_bits] = [hex8(firstBits), hex8(lastBits)];
        return { network, timespan, first_bits, last_bits, expected_next_bits: hex8(next) };
      }),
    ),
    work: compact.slice(0, 4).map((bits) => ({ bits: hex8(bits), work: workOf(bits).toString(16) })),
  };
}

function chains(): unknown {
  const { sluicenet: _ours, ...bitcoin } = CHAINS;
  const networks = Object.values(bitcoin).map(
    ({ network, magic, port, genesis, genesisHash, activation, address, ...rest }) => ({
      network,
      magic_wire_bytes: toHex(magic),
      p2p_port: port,
      genesis_header: toHex(encodeHeader(genesis.header)),
      genesis_hash: genesisHash,
      ln_chain_hash: toHex(hashBytes(genesisHash)),
      bits: hex8(genesis.header.bits),
      bip34_height: activation.bip34,
      bip65_height: activation.bip65,
      bip66_height: activation.bip66,
      csv_height: activation.csv,
      segwit_height: activation.segwit,
      ...address,
      halving: rest.halvingIntervalBlocks,
      bip30_exceptions: Object.fromEntries(rest.duplicateCoinbases),
    }),
  );
  return { networks };
}

const signatures = (): readonly string[] =>
  range(4, (i) => toHex(signed(i % 2 === 0 ? ALICE.secret : BOB.secret, draw(`digest ${i}`))));
function bentSignatures(): unknown {
  const [hex = ""] = signatures();
  const edit = (at: number, byte: string): string => hex.slice(0, 2 * at) + byte + hex.slice(2 * at + 2);
  return [
    "not hex",
    "type:",
    edit(0, "31"),
    "total length:",
    edit(1, "7f"),
    "R type:",
    edit(2, "03"),
    "R len = 0:",
    edit(3, "00"),
    "short:",
    hex.slice(0, 12),
    "padded:",
    `${hex}00`,
  ];
}

export const freezers: readonly Freezer[] = [
  { path: "bitcoin/core/sighash.json", make: legacySighashes },
  { path: "bitcoin/bip143/examples.json", make: segwitSighashes },
  { path: "bitcoin/blocks/merkle-cases.json", make: merkleCases },
  { path: "bitcoin/pow/compact-and-retarget.json", make: targets },
  { path: "bitcoin/chain-params.json", make: chains },
  { path: "bitcoin/core/sig_canonical.json", make: signatures },
  { path: "bitcoin/core/sig_noncanonical.json", make: bentSignatures },
];
