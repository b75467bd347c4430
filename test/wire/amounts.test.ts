import { expect } from "chai";
import { PAYLOAD_RECORDS } from "../../routing/onion/payload.ts";
import { SAT_MAX } from "../../src/base/units.ts";
import { type Codec, decode, encode, type Fields } from "../../src/codec/codec.ts";
import type { Tlvs } from "../../src/codec/tlv.ts";
import { MESSAGES } from "../../src/wire/registry.ts";

/** 21 million coins, as BOLT 1 has them. */
const CAP = { sat: 0x0007_75f0_5a07_4000n, msat: 0x1d24_b2df_ac52_0000n };

interface Amount {
  readonly at: string;
  readonly codec: Codec<unknown>;
}
/** Every field with an amount in its name, by its path. */
function amountsIn(path: string, fields: Fields): readonly Amount[] {
  return Object.entries(fields).flatMap(([name, codec]): readonly Amount[] => {
    const at = `${path}.${name}`;
    if (codec.shape.kind === "struct") return amountsIn(at, codec.shape.fields);
    return /msat|satoshis|amount|amt_|contribution/.test(name) ? [{ at, codec }] : [];
  });
}
const valuesOf = (tlvs: Tlvs | undefined): Fields =>
  Object.fromEntries(Object.entries(tlvs ?? {}).map(([name, { codec }]) => [name, codec]));
const amounts = [
  ...MESSAGES.flatMap(({ name, fields, tlvs }) => [...amountsIn(name, fields), ...amountsIn(name, valuesOf(tlvs))]),
  ...amountsIn("payload", valuesOf(PAYLOAD_RECORDS)),
];
const isBounded = ({ codec: { shape } }: Amount): boolean =>
  shape.kind === "refined" && (shape.name === "msat" || shape.name === "sat");

describe("CONFORMANCE 5: amounts", () => {
  it("are bounded in every message and payload, but for limits, which may be none, and what a splice adds or takes", () => {
    const limits = /max_htlc_value_in_flight_msat|htlc_(minimum|maximum)_msat|fee_base_msat/;
    const unbounded = amounts.filter((amount) => !isBounded(amount)).map(({ at }) => at);
    expect(amounts.length - unbounded.length).to.be.greaterThan(20);
    expect(unbounded.filter((at) => !limits.test(at))).to.have.members([
      "tx_init_rbf.funding_output_contribution",
      "tx_ack_rbf.funding_output_contribution",
      "splice_init.funding_contribution_satoshis",
      "splice_ack.funding_contribution_satoshis",
    ]);
  });
  it("may be 21 million coins, and not one unit more", () => {
    expect([SAT_MAX, SAT_MAX * 1_000n]).to.deep.equal([CAP.sat, CAP.msat]);
    for (const { at, codec } of amounts.filter(isBounded)) {
      if (codec.shape.kind !== "refined") continue;
      const most = CAP[codec.shape.name as "sat" | "msat"];
      expect(decode(codec, encode(codec.shape.base, most)), at).to.deep.equal({ ok: true, value: most });
      const more = decode(codec, encode(codec.shape.base, most + 1n));
      expect(more.ok || more.error.code, at).to.equal("out_of_range");
    }
  });
});
