import { expect } from "chai";
import { concat, fromHex, toHex } from "../../src/base/bytes.ts";
import { sat } from "../../src/base/units.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { sighashesOf } from "../../src/bitcoin/sighash.ts";
import { prevoutsOf, SharedParts } from "../../src/bitcoin/sighash-parts.ts";
import {
  branchHash,
  isCommitted,
  isPayToAnchor,
  isTaproot,
  leafHash,
  outputKey,
  parseControlBlock,
  splitAnnex,
  tweakHash,
} from "../../src/bitcoin/taproot.ts";
import { taprootMessage } from "../../src/bitcoin/taproot-sighash.ts";
import { p2tr, witnessProgramOf } from "../../src/bitcoin/templates.ts";
import { decodeTx, type Tx, type TxOut } from "../../src/bitcoin/tx.ts";
import { schnorr } from "../../src/crypto/schnorr.ts";
import { countCases, describeVectors } from "../support/vectors.ts";
import { assemble, NOBODY, oneLeaf } from "./assemble.ts";

interface Leaf {
  readonly id: number;
  readonly script: string;
  readonly leafVersion: number;
}
type Tree = Leaf | readonly [Tree, Tree];
interface Output {
  readonly given: { readonly internalPubkey: string; readonly scriptTree: Tree | null };
  readonly intermediary: {
    readonly leafHashes?: readonly string[];
    readonly merkleRoot: string | null;
    readonly tweak: string;
    readonly tweakedPubkey: string;
  };
  readonly expected: {
    readonly scriptPubKey: string;
    readonly bip350Address: string;
    readonly scriptPathControlBlocks?: readonly string[];
  };
}
interface Spend {
  readonly given: {
    readonly txinIndex: number;
    readonly internalPrivkey: string;
    readonly merkleRoot: string | null;
    readonly hashType: number;
  };
  readonly intermediary: {
    readonly internalPubkey: string;
    readonly tweak: string;
    readonly tweakedPrivkey: string;
    readonly sigMsg: string;
    readonly precomputedUsed: readonly string[];
    readonly sigHash: string;
  };
  readonly expected: { readonly witness: readonly string[] };
}
interface Spending {
  readonly given: {
    readonly rawUnsignedTx: string;
    readonly utxosSpent: readonly { readonly scriptPubKey: string; readonly amountSats: number }[];
  };
  readonly intermediary: Readonly<Record<string, string>>;
  readonly inputSpending: readonly Spend[];
  readonly auxiliary: { readonly fullySignedTx: string };
}
interface Wallet {
  readonly scriptPubKey: readonly Output[];
  readonly keyPathSpending: readonly Spending[];
}

const isLeaf = (tree: Tree): tree is Leaf => "script" in tree;
const hashOfLeaf = ({ leafVersion, script }: Leaf): Uint8Array => leafHash(leafVersion, fromHex(script));
const rootOf = (tree: Tree): Uint8Array =>
  isLeaf(tree) ? hashOfLeaf(tree) : branchHash(rootOf(tree[0]), rootOf(tree[1]));
/** Every leaf from left to right, with the hashes beside its way to the root. */
const leavesOf = (tree: Tree): readonly (readonly [Leaf, readonly Uint8Array[]])[] =>
  isLeaf(tree)
    ? [[tree, []]]
    : [0, 1].flatMap((side) =>
        leavesOf(tree[side] as Tree).map(([leaf, path]) => [leaf, [...path, rootOf(tree[1 - side] as Tree)]] as const),
      );
const known = (hex: string | null): Uint8Array | undefined => (hex === null ? undefined : fromHex(hex));
const txOf = (hex: string): Tx => {
  const decoded = decodeTx(fromHex(hex));
  return decoded.ok ? decoded.value : expect.fail(`${decoded.error}`);
};

function itPays({ given, intermediary, expected }: Output, number: number): void {
  const internal = fromHex(given.internalPubkey);
  const leaves = given.scriptTree === null ? [] : leavesOf(given.scriptTree);
  const root = given.scriptTree === null ? undefined : rootOf(given.scriptTree);
  const output = outputKey(internal, root) ?? expect.fail();
  it(`output ${number}: key, script and address of ${leaves.length} leaves`, () => {
    expect({ root: root && toHex(root), leaves: leaves.map(([leaf]) => toHex(hashOfLeaf(leaf))) }).to.deep.equal({
      root: intermediary.merkleRoot ?? undefined,
      leaves: intermediary.leafHashes ?? [],
    });
    expect(toHex(tweakHash(internal, root))).to.equal(intermediary.tweak);
    expect(toHex(output.key)).to.equal(intermediary.tweakedPubkey);
    expect(toHex(p2tr(output.key))).to.equal(expected.scriptPubKey);
    expect(addressOf(p2tr(output.key), CHAINS.mainnet)).to.equal(expected.bip350Address);
  });
  it(`output ${number}: the control block of each leaf proves it, and no other`, () => {
    const blocks = (expected.scriptPathControlBlocks ?? []).map(fromHex);
    const built = leaves.map(([{ leafVersion }, path]) =>
      concat(Uint8Array.of(leafVersion + Number(output.odd)), internal, ...path),
    );
    expect(built.map(toHex)).to.deep.equal(blocks.map(toHex));
    const proves = blocks.map((block) => {
      const control = parseControlBlock(block) ?? expect.fail();
      return leaves.map(([leaf]) => isCommitted(output.key, control, hashOfLeaf(leaf)));
    });
    expect(proves).to.deep.equal(blocks.map((_, i) => leaves.map((_, j) => i === j)));
  });
}

function itSpends({ given, intermediary, inputSpending, auxiliary }: Spending): void {
  const tx = txOf(given.rawUnsignedTx);
  const spent = given.utxosSpent.map(
    ({ scriptPubKey, amountSats }): TxOut => ({ amount: sat(BigInt(amountSats)), script: fromHex(scriptPubKey) }),
  );
  const parts = new SharedParts(tx, prevoutsOf(tx), spent);
  it("hashes what all inputs share", () => {
    expect({
      hashAmounts: toHex(parts.shaAmounts()),
      hashOutputs: toHex(parts.shaOutputs()),
      hashPrevouts: toHex(parts.shaPrevouts()),
      hashScriptPubkeys: toHex(parts.shaScripts()),
      hashSequences: toHex(parts.shaSequences()),
    }).to.deep.equal(intermediary);
  });
  const signed = txOf(auxiliary.fullySignedTx);
  for (const { given: spend, intermediary: all, expected } of inputSpending) {
    const { precomputedUsed: _, ...intermediates } = all;
    const { txinIndex: index, hashType } = spend;
    it(`input ${index}, hash type ${hashType}: message, digest, tweaked secret and signature`, () => {
      const secret = fromHex(spend.internalPrivkey);
      const internal = schnorr.publicKey(secret);
      const tweak = tweakHash(internal, known(spend.merkleRoot));
      const tweaked = schnorr.tweakSecret(secret, tweak) ?? expect.fail();
      const message = taprootMessage(tx, parts, { index, hashType }) ?? expect.fail();
      const digest = sighashesOf(tx, spent).taproot({ index, hashType }) ?? expect.fail();
      expect({
        internalPubkey: toHex(internal),
        tweak: toHex(tweak),
        tweakedPrivkey: toHex(tweaked),
        sigMsg: toHex(message),
        sigHash: toHex(digest),
      }).to.deep.equal(intermediates);
      const signature = schnorr.sign(digest, tweaked, new Uint8Array(32));
      const full = hashType === 0 ? signature : concat(signature, Uint8Array.of(hashType));
      expect([toHex(full)]).to.deep.equal(expected.witness);
      expect(signed.inputs[index]?.witness.map(toHex)).to.deep.equal(expected.witness);
    });
  }
}

const SET = "bitcoin/bip341/wallet-test-vectors.json";
describeVectors<Wallet>("BIP 341 §Test vectors", SET, ({ scriptPubKey, keyPathSpending }) => {
  countCases(
    SET,
    scriptPubKey.length + keyPathSpending.reduce((sum, { inputSpending }) => sum + inputSpending.length, 0),
  );
  scriptPubKey.forEach(itPays);
  keyPathSpending.forEach(itSpends);
});

describe("control blocks", () => {
  it("have 33 bytes and 32 for each of at most 128 levels", () => {
    const lengths = [0, 32, 33, 34, 64, 65, 97, 33 + 32 * 128, 33 + 32 * 129];
    const depths = lengths.map((length) => parseControlBlock(new Uint8Array(length))?.path.length);
    const none = undefined;
    expect(depths).to.deep.equal([none, none, 0, none, none, 1, 2, 128, none]);
  });
  it("tell leaf version, parity, internal key and path", () => {
    const bytes = Uint8Array.of(0xc1, ...new Uint8Array(32).fill(7), ...new Uint8Array(32).fill(8));
    expect(parseControlBlock(bytes)).to.deep.equal({
      leafVersion: 0xc0,
      odd: true,
      internalKey: new Uint8Array(32).fill(7),
      path: [new Uint8Array(32).fill(8)],
    });
  });
  it("prove nothing with the other parity, another leaf version, or an internal key that is none", () => {
    const script = assemble("1");
    const { key, control } = oneLeaf(script);
    const proves = (block: Uint8Array, leafVersion = 0xc0): boolean =>
      isCommitted(key, parseControlBlock(block) ?? expect.fail(), leafHash(leafVersion, script));
    const edited = (at: number, value: number) => control.map((byte, i) => (i === at ? byte ^ value : byte));
    expect(proves(control)).to.equal(true);
    expect([proves(edited(0, 1)), proves(control, 0xc2), proves(edited(32, 1))]).to.deep.equal([false, false, false]);
    expect(outputKey(new Uint8Array(32).fill(0xff))).to.equal(undefined);
  });
  it("do not tell left from right", () => {
    const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    expect(branchHash(a, b)).to.deep.equal(branchHash(b, a));
  });
});

describe("the annex", () => {
  const [plain, tagged] = [fromHex("51"), fromHex("50aa")];
  it("is the last of two or more elements that begins with 0x50", () => {
    expect(splitAnnex([plain, tagged])).to.deep.equal({ elements: [plain], annex: tagged });
    expect(splitAnnex([tagged, tagged])).to.deep.equal({ elements: [tagged], annex: tagged });
    expect(splitAnnex([plain, fromHex("50")])).to.deep.equal({ elements: [plain], annex: fromHex("50") });
    for (const witness of [[], [tagged], [tagged, plain], [tagged, new Uint8Array(0)]]) {
      expect(splitAnnex(witness)).to.deep.equal({ elements: witness, annex: undefined });
    }
  });
});

describe("witness programs of version 1", () => {
  const program = (hex: string) => witnessProgramOf(fromHex(hex)) ?? expect.fail();
  it("are taproot with 32 bytes, pay to anchor with its two", () => {
    const programs = [toHex(p2tr(NOBODY)), `5220${"01".repeat(32)}`, `5121${"01".repeat(33)}`, "51024e73", "51024e74"];
    programs.push("52024e73", "51034e7300");
    expect(programs.map((hex) => isTaproot(program(hex)))).to.deep.equal([true, ...Array(6).fill(false)]);
    expect(programs.map((hex) => isPayToAnchor(program(hex)))).to.deep.equal([
      false,
      false,
      false,
      true,
      false,
      false,
      false,
    ]);
  });
});
