import { expect } from "chai";
import { deriveKey } from "../../../routing/onion/keys.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { describeVectors } from "../../support/vectors.ts";

export interface OnionErrorVector {
  readonly generate: {
    readonly session_key: string;
    readonly failure_message: string;
    readonly hops: readonly {
      readonly pubkey: string;
      readonly hop_shared_secret: string;
      readonly ammag_key: string;
      readonly um_key?: string;
    }[];
  };
  readonly errorpacket: string;
}

describeVectors<OnionErrorVector>("BOLT 4 §Key Generation", "bolts/bolt04/onion-error-test.json", ({ generate }) => {
  for (const [index, hop] of generate.hops.entries()) {
    it(`derives ammag of hop ${index} from its shared secret`, () => {
      expect(toHex(deriveKey("ammag", fromHex(hop.hop_shared_secret)))).to.equal(hop.ammag_key);
    });
    if (hop.um_key !== undefined)
      it(`derives um of hop ${index} from its shared secret`, () => {
        expect(toHex(deriveKey("um", fromHex(hop.hop_shared_secret)))).to.equal(hop.um_key);
      });
  }
});
