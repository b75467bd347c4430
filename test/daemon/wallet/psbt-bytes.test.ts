import * as btc from "@scure/btc-signer";
import { RawPSBTV0 } from "@scure/btc-signer/psbt.js";
import { expect } from "chai";
import { present } from "../../../src/base/result.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { PSBT_BYTES_MAX, type Psbt, parsePsbt, psbtOf, psbtText } from "../../../src/daemon/wallet/psbt.ts";
import { combinePsbts } from "../../../src/daemon/wallet/psbt-combine.ts";
import { finalizePsbt, sendPsbt } from "../../../src/daemon/wallet/psbt-finish.ts";
import { signPsbt } from "../../../src/daemon/wallet/psbt-sign.ts";
import { created, free, joint, MOST, right, STRANGER, signedBy, world, wrong } from "./psbt-world.ts";
import { keys } from "./small-chain.ts";

describe("the bytes of a PSBT", () => {
  const bytesOf = (psbt: Psbt): Uint8Array => Uint8Array.from(Buffer.from(psbtText(psbt), "base64"));
  const parsed = (bytes: Uint8Array) => parsePsbt(Buffer.from(bytes).toString("base64"));

  it("keep fields that nobody here knows, wherever they stand, through signing and finishing", () => {
    const { chain } = world();
    const raw = RawPSBTV0.decode(bytesOf(created(chain)));
    const unknown: [{ type: number; key: Uint8Array }, Uint8Array][] = [
      [{ type: 0xef, key: Uint8Array.of(1, 2) }, Uint8Array.of(3)],
    ];
    const proprietary: [Uint8Array, Uint8Array][] = [[Uint8Array.of(1, 9, 0, 5), Uint8Array.of(4)]];
    Object.assign(raw.global, { unknown, proprietary });
    for (const map of [...raw.inputs, ...raw.outputs]) Object.assign(map, { unknown, proprietary });
    const psbt = right(parsed(RawPSBTV0.encode(raw)));
    const { psbt: finished } = right(finalizePsbt(chain.wallet, signedBy(chain, psbt)));
    const back = RawPSBTV0.decode(bytesOf(finished));
    for (const map of [back.global, ...back.inputs, ...back.outputs]) {
      expect(map).to.deep.include({ unknown, proprietary });
    }
  });

  it("are refused when they are none, too many, of another version, or spend a coin twice", () => {
    const { chain } = world();
    const psbt = created(chain);
    const bytes = bytesOf(psbt);
    expect(wrong(parsePsbt(""))).to.deep.equal({ code: "malformed" });
    expect(wrong(parsePsbt("cHNidP8="))).to.deep.equal({ code: "malformed" });
    expect(wrong(parsed(bytes.subarray(0, -1)))).to.deep.equal({ code: "malformed" });
    expect(wrong(parsed(new Uint8Array(PSBT_BYTES_MAX + 1)))).to.deep.equal({ code: "too_large" });
    const twice = { ...psbt.tx, inputs: psbt.tx.inputs.map(() => present(psbt.tx.inputs[0], "one")) };
    expect(wrong(parsed(bytesOf(psbtOf(twice))))).to.deep.equal({ code: "repeated_input", index: 1 });
    const none = psbtOf({ ...psbt.tx, outputs: [] });
    expect(wrong(parsed(bytesOf(none)))).to.deep.equal({ code: "malformed" });
  });

  it("spoilt anywhere, are refused or change nothing that we would lose by: no throw, no signature over a lie", () => {
    const { chain } = world();
    const psbt = signedBy(chain, created(chain));
    const bytes = bytesOf(psbt);
    for (let at = 0; at < bytes.length; at += 11) {
      const spoilt = bytes.slice();
      spoilt[at] = (spoilt[at] ?? 0) ^ (1 << (at % 8));
      const read = parsed(spoilt);
      if (!read.ok) continue;
      psbtText(read.value);
      const signed = signPsbt(chain.wallet, keys, read.value, free);
      const sent = sendPsbt(chain.wallet, read.value, MOST);
      // Our coins are kept for one transaction, and no other gets them.
      if (signed.ok || sent.ok) expect(txidOf(read.value.tx)).to.equal(txidOf(psbt.tx));
    }
  });

  it("of several signers become one, and those of another transaction are refused", () => {
    const { chain } = world();
    const psbt = joint(chain, [240_000n]);
    const ours = signedBy(chain, psbt);
    const theirs = btc.Transaction.fromPSBT(bytesOf(psbt), { allowUnknownOutputs: true });
    theirs.signIdx(STRANGER, 0);
    const other = right(parsed(theirs.toPSBT()));
    for (const order of [
      [ours, other],
      [other, ours],
    ] as const) {
      const { tx } = right(finalizePsbt(chain.wallet, right(combinePsbts(order))));
      expect(txidOf(tx)).to.equal(txidOf(psbt.tx));
    }
    expect(wrong(combinePsbts([ours, joint(chain, [239_999n])]))).to.deep.equal({ code: "other_transaction" });
  });
});
