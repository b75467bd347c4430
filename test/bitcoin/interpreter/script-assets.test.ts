import { expect } from "chai";
import { fromHex } from "../../../src/base/bytes.ts";
import { type ScriptFlag, scriptFlags } from "../../../src/bitcoin/interpreter/flags.ts";
import { verifyInput } from "../../../src/bitcoin/interpreter/verify.ts";
import { sighashesOf } from "../../../src/bitcoin/sighash.ts";
import { decodeTx, type Tx, type TxOut, txOut } from "../../../src/bitcoin/tx.ts";
import { decode } from "../../../src/codec/codec.ts";
import { countCases, describeVectors } from "../../support/vectors.ts";

const SET = "bitcoin/taproot/script-assets-sample.json";
interface Unlocking {
  readonly scriptSig: string;
  readonly witness: readonly string[];
}
interface Asset {
  readonly tx: string;
  readonly prevouts: readonly string[];
  readonly index: number;
  readonly flags: string;
  readonly comment: string;
  readonly id: string;
  /** The success holds under all rules there are, not only under those named. */
  readonly final?: boolean;
  readonly success: Unlocking;
  readonly failure?: Unlocking;
}

/** Every choice of the rules of consensus that makes sense: no taproot without witnesses, and these not without P2SH. */
const CONSENSUS: readonly ScriptFlag[] = [
  "P2SH",
  "DERSIG",
  "NULLDUMMY",
  "CHECKLOCKTIMEVERIFY",
  "CHECKSEQUENCEVERIFY",
  "WITNESS",
  "TAPROOT",
];
const CHOICES = Array.from({ length: 1 << CONSENSUS.length }, (_, bits) =>
  CONSENSUS.filter((_, i) => (bits & (1 << i)) !== 0),
).filter(
  (flags) =>
    (!flags.includes("TAPROOT") || flags.includes("WITNESS")) && (!flags.includes("WITNESS") || flags.includes("P2SH")),
);

const txOf = (hex: string): Tx => {
  const decoded = decodeTx(fromHex(hex));
  return decoded.ok ? decoded.value : expect.fail(`${decoded.error}`);
};
const outputOf = (hex: string): TxOut => {
  const decoded = decode(txOut, fromHex(hex));
  return decoded.ok ? decoded.value : expect.fail(`${decoded.error}`);
};

/** Runs one way to unlock the input under each of these choices of rules; says how each ended, each answer once. */
function endings({ tx, prevouts, index }: Asset, by: Unlocking, choices: readonly (readonly ScriptFlag[])[]) {
  const unlocked = { scriptSig: fromHex(by.scriptSig), witness: by.witness.map(fromHex) };
  const bare = txOf(tx);
  const whole: Tx = {
    ...bare,
    inputs: bare.inputs.map((input, i) => (i === index ? { ...input, ...unlocked } : input)),
  };
  const spent = prevouts.map(outputOf);
  const sighashes = sighashesOf(whole, spent);
  const verdicts = choices.map((flags) => verifyInput(whole, index, spent, scriptFlags(...flags), sighashes));
  return [...new Set(verdicts.map((verdict) => (verdict.ok ? "OK" : verdict.error)))];
}

describeVectors<readonly Asset[]>("script assets", SET, (assets) => {
  countCases(SET, assets.length);
  const named = ({ flags }: Asset): readonly string[] => flags.split(",");
  const wrongly = (asset: Asset, got: readonly string[]): string => `${asset.comment} ${asset.id}: ${got.join(" ")}`;

  it(`succeed under every part of their rules, and where final under all rules: ${assets.length} assets`, () => {
    const wrong = assets.flatMap((asset) => {
      const under = CHOICES.filter((flags) => asset.final || flags.every((flag) => named(asset).includes(flag)));
      const got = endings(asset, asset.success, under);
      return got.length === 1 && got[0] === "OK" ? [] : [wrongly(asset, got)];
    });
    expect(wrong).to.deep.equal([]);
  });
  const failing = assets.filter(({ failure }) => failure !== undefined);
  it(`fail, unlocked wrongly, under their rules and under more: ${failing.length} assets`, () => {
    const wrong = failing.flatMap((asset) => {
      const under = CHOICES.filter((flags) =>
        named(asset).every((flag) => (flags as readonly string[]).includes(flag)),
      );
      const got = endings(asset, asset.failure ?? expect.fail(), under);
      return under.length > 0 && !got.includes("OK") ? [] : [wrongly(asset, got)];
    });
    expect(wrong).to.deep.equal([]);
  });
});
