import { expect } from "chai";
import { beginSession, receiveConstruction, speak, type TxSession } from "../../../channels/interactive/session.ts";
import { completeTx, receivedWitnesses, signaturesMessage } from "../../../channels/interactive/signatures.ts";
import type { Contribution, TxTerms } from "../../../channels/interactive/terms.ts";
import { fundingOutput } from "../../../channels/tx/funding-tx.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { channelId } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { decodeTx, encodeTx } from "../../../src/bitcoin/tx.ts";
import { decode, listOf } from "../../../src/codec/codec.ts";
import { bytesOf } from "../../../src/codec/primitives.ts";
import { compactSize } from "../../../src/codec/varint.ts";
import { describeVectors } from "../../support/vectors.ts";

interface SideVectors {
  readonly tx_add_input: { readonly serial_id: string; readonly prevtx: string; readonly prev_vout: number };
  readonly tx_add_outputs: readonly { readonly serial_id: string; readonly sats: string; readonly script: string }[];
  readonly fee_sat: number;
  readonly tx_signatures_witnesses: readonly string[];
}
interface DualFunding {
  readonly locktime: number;
  readonly feerate_per_kw: number;
  readonly opener_funding_sat: string;
  readonly accepter_funding_sat: string;
  readonly funding_keys: readonly [string, string];
  readonly opener: SideVectors;
  readonly accepter: SideVectors;
  readonly unsigned_tx: string;
  readonly signed_tx: string;
  readonly txid: string;
}

const stack = listOf(compactSize, bytesOf(compactSize));
const unwrap = <T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.error, (_, v) => (typeof v === "bigint" ? `${v}` : v)));
  return result.value;
};

describeVectors<DualFunding>(
  "BOLT 3 §Dual Funded Transaction Test Vectors",
  "bolts/bolt03/dual-funding.json",
  (vectors) => {
    const share = { opener: BigInt(vectors.opener_funding_sat), accepter: BigInt(vectors.accepter_funding_sat) };
    const [keyA, keyB] = vectors.funding_keys;
    const output = fundingOutput(fromHex(keyA), fromHex(keyB), sat(share.opener + share.accepter));
    const fundingScript = toHex(output.script);
    const terms = (side: "opener" | "accepter"): TxTerms => ({
      channelId: channelId(new Uint8Array(32).fill(1)),
      initiator: side === "opener" ? "local" : "remote",
      feerate: satPerKw(vectors.feerate_per_kw),
      locktime: vectors.locktime,
      dustLimit: sat(354n),
      fundingOutput: output,
      contribution: { local: share[side], remote: share[side === "opener" ? "accepter" : "opener"] },
      sharedInput: undefined,
      replaces: [],
    });
    function contribution({ tx_add_input: input, tx_add_outputs: outputs }: SideVectors): Contribution {
      const shared = outputs.find(({ script }) => script === fundingScript);
      return {
        inputs: [
          { serialId: BigInt(input.serial_id), prevtx: unwrap(decodeTx(fromHex(input.prevtx))), vout: input.prev_vout },
        ],
        outputs: outputs
          .filter((one) => one !== shared)
          .map(({ serial_id, sats, script }) => ({
            serialId: BigInt(serial_id),
            output: { amount: sat(BigInt(sats)), script: fromHex(script) },
          })),
        shared: { input: 0n, output: BigInt(shared?.serial_id ?? 0) },
      };
    }
    const begin = (side: "opener" | "accepter"): TxSession =>
      unwrap(beginSession(terms(side), contribution(vectors[side])));

    function constructed() {
      let opener = begin("opener");
      let accepter = begin("accepter");
      const first = unwrap(speak(opener));
      opener = first.session;
      let message = first.reply;
      let theirs: ReturnType<typeof unwrap<typeof first>>["constructed"];
      let ours: typeof theirs;
      while (message !== undefined) {
        const answer = unwrap(receiveConstruction(accepter, message));
        accepter = answer.session;
        theirs ??= answer.constructed;
        if (answer.reply === undefined) break;
        const back = unwrap(receiveConstruction(opener, answer.reply));
        opener = back.session;
        ours ??= back.constructed;
        message = back.reply;
      }
      return { ours: present(ours, "the opener has it"), theirs: present(theirs, "the accepter has it") };
    }

    it("is the transaction of the vector on both sides, with the fees of the vector", () => {
      const { ours, theirs } = constructed();
      expect(toHex(encodeTx(ours.tx))).to.equal(vectors.unsigned_tx);
      expect(theirs.tx).to.deep.equal(ours.tx);
      expect(ours.txid).to.equal(vectors.txid);
      expect(ours.fee).to.deep.equal({
        local: BigInt(vectors.opener.fee_sat),
        remote: BigInt(vectors.accepter.fee_sat),
      });
      expect(theirs.fee).to.deep.equal({ local: ours.fee.remote, remote: ours.fee.local });
    });
    it("is signed as in the vector (CONFORMANCE 54)", () => {
      const { ours, theirs } = constructed();
      const witnesses = (side: SideVectors) =>
        side.tx_signatures_witnesses.map((hex) => unwrap(decode(stack, fromHex(hex))));
      const { channelId: id } = terms("opener");
      const fromOpener = signaturesMessage(id, ours, witnesses(vectors.opener));
      const fromAccepter = signaturesMessage(id, theirs, witnesses(vectors.accepter));
      expect(fromOpener.witnesses.map(toHex)).to.deep.equal(vectors.opener.tx_signatures_witnesses);
      const remote = unwrap(receivedWitnesses(ours, fromAccepter));
      const signed = completeTx(ours, { local: witnesses(vectors.opener), remote });
      expect(toHex(encodeTx(signed))).to.equal(vectors.signed_tx);
    });
  },
);
