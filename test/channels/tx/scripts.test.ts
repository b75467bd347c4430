import { expect } from "chai";
import { type Claim, claimOf } from "../../../channels/onchain/claim.ts";
import { presignedTx, sweepTx } from "../../../channels/onchain/claim-tx.ts";
import { classify, currentLocal } from "../../../channels/onchain/classify.ts";
import { outputsOf } from "../../../channels/onchain/outputs.ts";
import type { Failed } from "../../../channels/state.ts";
import type { CommitmentFormat } from "../../../channels/tx/format.ts";
import { anchorScript, offeredHtlcScript, receivedHtlcScript, toLocalScript } from "../../../channels/tx/scripts.ts";
import { concat } from "../../../src/base/bytes.ts";
import { paymentHash } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { blockHeight, cltvExpiry, satPerKw } from "../../../src/base/units.ts";
import { OP } from "../../../src/bitcoin/opcodes.ts";
import { isMinimalPush, parseScript, script } from "../../../src/bitcoin/script.ts";
import type { Tx } from "../../../src/bitcoin/tx.ts";
import { EXPIRY, HEIGHT, normal, type Pair, preimageOfHash, SCRIPT } from "../../support/channel-pair.ts";
import { claimFault, signedClaim } from "../../support/claim-signing.ts";
import { Thief } from "../../support/thief.ts";

const KEY = (byte: number): Uint8Array => Uint8Array.of(2, ...new Uint8Array(32).fill(byte));
const KEYS = { localHtlcPubkey: KEY(1), remoteHtlcPubkey: KEY(2), revocationHash: new Uint8Array(20).fill(3) };
const HASH = paymentHash(new Uint8Array(32).fill(4));
/** In one byte as an opcode, then of one to three bytes, with and without a byte for the sign. */
const NUMBERS = [1, 16, 17, 127, 128, 255, 256, 500, 32_767, 32_768, 65_535, 840_000, 8_388_608];
const FORMATS: readonly CommitmentFormat[] = ["static_remotekey", "anchors"];

describe("CONFORMANCE 102: the scripts of HTLCs", () => {
  it("differ with anchors by `1 CHECKSEQUENCEVERIFY DROP` before the last ENDIF, and by nothing else", () => {
    const oneBlock = script(1n, OP.CHECKSEQUENCEVERIFY, OP.DROP);
    for (const build of [
      (format: CommitmentFormat) => offeredHtlcScript(KEYS, HASH, format),
      (format: CommitmentFormat) => receivedHtlcScript(KEYS, HASH, cltvExpiry(500), format),
    ]) {
      const plain = build("static_remotekey");
      expect(plain.at(-1)).to.equal(OP.ENDIF);
      expect(build("anchors")).to.deep.equal(concat(plain.slice(0, -1), oneBlock, Uint8Array.of(OP.ENDIF)));
    }
  });
  it("push every number in its shortest form, and so do delays and anchors", () => {
    for (const number of NUMBERS) {
      const expiry = cltvExpiry(number);
      const scripts = FORMATS.map((format) => receivedHtlcScript(KEYS, HASH, expiry, format));
      const delayed = toLocalScript(KEY(5), KEY(6), Math.min(number, 0xffff));
      if (number <= 0xffff) scripts.push(delayed);
      for (const bytes of scripts) {
        const elements = present(parseScript(bytes), "a script");
        expect(elements.filter((element) => element.data !== undefined && !isMinimalPush(element))).to.deep.equal([]);
        const shown = script(BigInt(number), bytes === delayed ? OP.CHECKSEQUENCEVERIFY : OP.CHECKLOCKTIMEVERIFY);
        expect(Buffer.from(bytes).includes(Buffer.from(shown)), `${number}`).to.equal(true);
      }
    }
    expect(
      present(parseScript(anchorScript(KEY(7))), "a script").filter(({ opcode }) => opcode === OP["16"]),
    ).to.have.length(1);
  });
});

interface Spend {
  readonly what: string;
  readonly claim: Claim;
  readonly signed: Tx;
  readonly holder: Tx;
}
/** Every way in which a spends what a commitment of its own, of b, and a revoked one of b hold for it. */
function spendsOf(format: CommitmentFormat): readonly Spend[] {
  const pair = normal({ type: { format } });
  pair.offer("a", 100_000_000n, 1);
  pair.offer("b", 80_000_000n, 2);
  pair.settle();
  const then = pair.parties.b.funded;
  pair.offer("a", 100_000n, 3);
  pair.settle();
  const { a, b } = pair.parties;
  const revoked = a.revokedAt(then.commitments.local.number);
  const state = { ...a.funded, revoked } as unknown as Failed;
  const txs = [
    currentLocal(pair.env("a"), state).tx,
    new Thief(b).commitment(b.funded).tx,
    new Thief(b).commitment(then).tx,
  ];
  return txs.flatMap((holder) => claimed(pair, state, holder));
}
function claimed(pair: Pair, state: Failed, holder: Tx): readonly Spend[] {
  const publication = classify(pair.env("a"), state, holder);
  return outputsOf(pair.env("a"), state, publication, holder).map((output) => {
    const { path } = output;
    const htlc = "htlc" in path ? path.htlc : undefined;
    const preimage = htlc && preimageOfHash(htlc.paymentHash);
    const claim = claimOf(output, { minedAt: HEIGHT, preimage, isAtStake: true }, blockHeight(EXPIRY + 1_000));
    if ("tag" in claim) throw new Error(claim.tag);
    const bare =
      claim.output === undefined
        ? sweepTx(claim, SCRIPT.a, satPerKw(1_000))?.tx
        : presignedTx({ ...claim, presigned: true }).tx;
    const what = `${publication.tag} ${path.tag} ${htlc?.side ?? ""}`.trim();
    return { what, claim, signed: signedClaim(pair.parties.a.secrets, claim, present(bare, "worth it")), holder };
  });
}

describe("CONFORMANCE 102: what spends them", () => {
  for (const format of FORMATS)
    it(`is relayed as it is, and not with another truth or falsehood in its witness: ${format}`, () => {
      const spends = spendsOf(format);
      expect(spends.map(({ what }) => what).sort()).to.deep.equal([
        "local delayed",
        "local second_stage offered",
        "local second_stage received",
        "remote direct offered",
        "remote direct received",
        "remote to_remote",
        "revoked penalty",
        "revoked penalty offered",
        "revoked penalty received",
        "revoked to_remote",
      ]);
      const choices: string[] = [];
      for (const { what, claim, signed, holder } of spends) {
        expect(claimFault(claim, signed, holder), what).to.equal(undefined);
        const [input] = signed.inputs;
        for (const [at, item] of (input?.witness ?? []).entries()) {
          if (item.length > 1) continue;
          const other = item.length === 0 ? Uint8Array.of(0) : Uint8Array.of(2);
          const witness = input?.witness.map((one, index) => (index === at ? other : one)) ?? [];
          const inputs = signed.inputs.map((one, index) => (index === 0 ? { ...one, witness } : one));
          choices.push(`${what}: ${claimFault(claim, { ...signed, inputs }, holder)}`);
        }
      }
      expect(choices.sort()).to.deep.equal([
        "local delayed: MINIMALIF",
        "local second_stage offered: SIG_NULLDUMMY",
        // In the place of a preimage may stand whatever is not 32 bytes long.
        "local second_stage offered: undefined",
        "local second_stage received: SIG_NULLDUMMY",
        "remote direct offered: undefined",
        "revoked penalty: MINIMALIF",
      ]);
    });
});
