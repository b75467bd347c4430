import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { present } from "../../src/base/result.ts";
import { sat } from "../../src/base/units.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { OP } from "../../src/bitcoin/opcodes.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { script } from "../../src/bitcoin/script.ts";
import { sighashesOf } from "../../src/bitcoin/sighash.ts";
import { prevoutsOf, SharedParts } from "../../src/bitcoin/sighash-parts.ts";
import { branchHash, leafHash, outputKey, tweakHash } from "../../src/bitcoin/taproot.ts";
import { taprootMessage } from "../../src/bitcoin/taproot-sighash.ts";
import { p2tr, p2wpkhOf } from "../../src/bitcoin/templates.ts";
import { type Tx, type TxOut, txOut } from "../../src/bitcoin/tx.ts";
import { encode } from "../../src/codec/codec.ts";
import { schnorr } from "../../src/crypto/schnorr.ts";
import type { Freezer } from "../freeze-vectors.ts";
import { BOB, coins, draw, drawTxid, EMPTY, hexOfTx, range, spend } from "./bitcoin-own.ts";

interface Leaf {
  readonly id: number;
  readonly script: string;
  readonly leafVersion: number;
}
type Tree = Leaf | readonly [Tree, Tree];
interface Branch {
  readonly hash: Uint8Array;
  /** Every leaf with its hash and the hashes beside its way up to here. */
  readonly leaves: readonly { readonly leaf: Leaf; readonly hash: Uint8Array; readonly path: readonly Uint8Array[] }[];
}
const checked = (id: number, leafVersion = 0xc0): Leaf => {
  const tapscript = script(schnorr.publicKey(draw(`leaf ${id}`)), OP.CHECKSIG);
  return { id, script: toHex(tapscript), leafVersion };
};
const TREES: readonly (Tree | null)[] = [
  null,
  checked(0),
  [checked(0), checked(1, 0xfa)],
  [[checked(0), checked(1)], checked(2)],
  [checked(0), [checked(1), [checked(2), checked(3)]]],
];

function grown(tree: Tree): Branch {
  if ("script" in tree) {
    const hash = leafHash(tree.leafVersion, fromHex(tree.script));
    return { hash, leaves: [{ leaf: tree, hash, path: [] }] };
  }
  const [left, right] = [grown(tree[0]), grown(tree[1])];
  const below = ({ leaves }: Branch, beside: Branch) =>
    leaves.map(({ path, ...leaf }) => ({ ...leaf, path: [...path, beside.hash] }));
  return { hash: branchHash(left.hash, right.hash), leaves: [...below(left, right), ...below(right, left)] };
}

/** An output of ours for each tree. */
const owned = TREES.map((tree, at) => {
  const secret = draw(`internal ${at}`);
  const internal = schnorr.publicKey(secret);
  const branch = tree === null ? undefined : grown(tree);
  const output = present(outputKey(internal, branch?.hash), "a key");
  return { tree, secret, internal, branch, output, scriptPubKey: p2tr(output.key) };
});

const outputs = () =>
  owned.map(({ tree, internal, branch, output, scriptPubKey }) => ({
    given: { internalPubkey: toHex(internal), scriptTree: tree },
    intermediary: {
      ...(branch && { leafHashes: branch.leaves.map(({ hash }) => toHex(hash)) }),
      merkleRoot: branch === undefined ? null : toHex(branch.hash),
      tweak: toHex(tweakHash(internal, branch?.hash)),
      tweakedPubkey: toHex(output.key),
    },
    expected: {
      scriptPubKey: toHex(scriptPubKey),
      bip350Address: addressOf(scriptPubKey, CHAINS.mainnet),
      ...(branch && {
        scriptPathControlBlocks: branch.leaves.map(({ leaf, path }) =>
          toHex(concat(Uint8Array.of(leaf.leafVersion + Number(output.odd)), internal, ...path)),
        ),
      }),
    },
  }));

const HASH_TYPES = [0, 1, 2, 3, 0x81, 0x82, 0x83];
/** What the inputs spend: outputs of ours in turn, each for a hash type of its own, and last one of another's. */
const SPENT: readonly TxOut[] = [
  ...HASH_TYPES.map((_, at) => ({ amount: sat(BigInt(10_000 + at)), script: ownedBy(at).scriptPubKey })),
  { amount: sat(99n), script: p2wpkhOf(BOB.point) },
];
function ownedBy(index: number): (typeof owned)[number] {
  return present(owned[index % owned.length], "an output for each input");
}
const UNSIGNED: Tx = {
  version: 2,
  inputs: SPENT.map((_, at) => ({
    prevout: { txid: drawTxid(`wallet ${at}`), vout: at },
    scriptSig: EMPTY,
    sequence: 0xffff_ffff - at,
    witness: [],
  })),
  outputs: range(SPENT.length, (at) => ({ amount: sat(BigInt(5000 + at)), script: p2wpkhOf(BOB.point) })),
  locktime: 77,
};
const PARTS = new SharedParts(UNSIGNED, prevoutsOf(UNSIGNED), SPENT);

function inputSpending(hashType: number, index: number) {
  const { secret, internal, branch } = ownedBy(index);
  const tweak = tweakHash(internal, branch?.hash);
  const tweaked = present(schnorr.tweakSecret(secret, tweak), "a secret");
  const digest = present(sighashesOf(UNSIGNED, SPENT).taproot({ index, hashType }), "a hash type that can be signed");
  const signature = schnorr.sign(digest, tweaked, new Uint8Array(32));
  return {
    given: {
      txinIndex: index,
      internalPrivkey: toHex(secret),
      merkleRoot: branch === undefined ? null : toHex(branch.hash),
      hashType,
    },
    intermediary: {
      internalPubkey: toHex(internal),
      tweak: toHex(tweak),
      tweakedPrivkey: toHex(tweaked),
      sigMsg: toHex(present(taprootMessage(UNSIGNED, PARTS, { index, hashType }), "a message")),
      precomputedUsed: [],
      sigHash: toHex(digest),
    },
    expected: { witness: [toHex(hashType === 0 ? signature : concat(signature, Uint8Array.of(hashType)))] },
  };
}

function spending(): unknown {
  const spends = HASH_TYPES.map(inputSpending);
  const inputs = UNSIGNED.inputs.map((input, at) => ({
    ...input,
    witness: (spends[at]?.expected.witness ?? []).map(fromHex),
  }));
  return {
    given: {
      rawUnsignedTx: hexOfTx(UNSIGNED),
      utxosSpent: SPENT.map(({ amount, script: locking }) => ({
        scriptPubKey: toHex(locking),
        amountSats: Number(amount),
      })),
    },
    intermediary: {
      hashAmounts: toHex(PARTS.shaAmounts()),
      hashOutputs: toHex(PARTS.shaOutputs()),
      hashPrevouts: toHex(PARTS.shaPrevouts()),
      hashScriptPubkeys: toHex(PARTS.shaScripts()),
      hashSequences: toHex(PARTS.shaSequences()),
    },
    inputSpending: spends,
    auxiliary: { fullySignedTx: hexOfTx({ ...UNSIGNED, inputs }) },
  };
}

const CONSENSUS = "P2SH,DERSIG,CHECKLOCKTIMEVERIFY,CHECKSEQUENCEVERIFY,WITNESS,NULLDUMMY";
/** Every kind of coin in a transaction with all others, unlocked rightly, and with one byte changed. */
function assets(): readonly unknown[] {
  const list = coins(sat(50_000n));
  const tx = spend("assets", list);
  const bare = { ...tx, inputs: tx.inputs.map((input) => ({ ...input, scriptSig: EMPTY, witness: [] })) };
  const prevouts = list.map(({ prevout }) => toHex(encode(txOut, prevout)));
  const damaged = (bytes: Uint8Array): string => toHex(bytes.map((byte, at) => (at === 9 ? byte ^ 1 : byte)));
  const common = { tx: hexOfTx(bare), prevouts };
  const kinds = list.map(({ name }, index) => {
    const { scriptSig, witness } = present(tx.inputs[index], "an input for each coin");
    return {
      ...common,
      index,
      flags: `${CONSENSUS},TAPROOT`,
      comment: name,
      final: true,
      success: { scriptSig: toHex(scriptSig), witness: witness.map(toHex) },
      failure: { scriptSig: damaged(scriptSig), witness: witness.map(damaged) },
      id: `${index}`,
    };
  });
  const inactive = kinds
    .filter(({ comment }) => /tap/.test(comment))
    .map(({ failure, final: _, ...asset }) => ({
      ...asset,
      flags: CONSENSUS,
      comment: `${asset.comment} before its time`,
      success: failure,
      failure: undefined,
      id: `inactive ${asset.id}`,
    }));
  return [...kinds, ...inactive];
}

export const freezers: readonly Freezer[] = [
  {
    path: "bitcoin/bip341/wallet-test-vectors.json",
    make: () => ({ version: 1, scriptPubKey: outputs(), keyPathSpending: [spending()] }),
  },
  { path: "bitcoin/taproot/script-assets-sample.json", make: assets },
];
