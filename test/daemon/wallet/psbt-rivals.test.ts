import { expect } from "chai";
import { sat } from "../../../src/base/units.ts";
import { txidOf } from "../../../src/bitcoin/tx.ts";
import { sendPsbt } from "../../../src/daemon/wallet/psbt-finish.ts";
import { signPsbt } from "../../../src/daemon/wallet/psbt-sign.ts";
import { unsignedInput } from "../../../src/daemon/wallet/spend.ts";
import { walletBalance } from "../../../src/daemon/wallet/state.ts";
import { balance, check, ELSEWHERE, total } from "./history.ts";
import {
  created,
  free,
  joint,
  MOST,
  right,
  signedBy,
  strangersPrevout,
  theirsToo,
  world,
  wrong,
} from "./psbt-world.ts";
import { keys } from "./small-chain.ts";

describe("what a PSBT spends, when the chain has it otherwise", () => {
  it("is waited for while it is in no block any more: it would be free once it is there again", () => {
    const { chain } = world([100_000n], ["p2wpkh"]);
    const later = chain.foreign({ amount: sat(60_000n), script: chain.address() });
    chain.mine(ELSEWHERE, [later]);
    const psbt = signedBy(chain, created(chain, 120_000n));
    chain.disconnect();
    const index = psbt.tx.inputs.findIndex(({ prevout }) => prevout.txid === txidOf(later));
    expect(wrong(sendPsbt(chain.wallet, psbt, MOST))).to.deep.equal({ code: "lost_coin", index });
    expect(wrong(signPsbt(chain.wallet, keys, psbt, free))).to.deep.equal({ code: "lost_coin", index });
    chain.mine(ELSEWHERE, [later]);
    chain.take(right(sendPsbt(chain.wallet, psbt, MOST)).step);
    check(chain);
  });

  it("gives our coins back when another signer has spent its own with something else, also after a restart", () => {
    for (const restarts of [false, true]) {
      const { chain } = world();
      const psbt = theirsToo(signedBy(chain, joint(chain, [240_000n])));
      chain.take(right(sendPsbt(chain.wallet, psbt, MOST)).step);
      expect(total(chain.wallet)).to.equal(0n);
      if (restarts) chain.restart();
      chain.mempool.clear();
      chain.mine(ELSEWHERE, [{ ...psbt.tx, inputs: [unsignedInput(strangersPrevout)], outputs: [] }]);
      expect(walletBalance(chain.wallet)).to.deep.equal(balance({ confirmed: 200_000n }));
      check(chain);
    }
  });

  it("does so as well when it was signed elsewhere and stood in a block before, also after a restart", () => {
    for (const restarts of [false, true]) {
      const { chain } = world();
      const { tx } = theirsToo(signedBy(chain, joint(chain, [240_000n])));
      const elsewhere = world().chain;
      elsewhere.mine(ELSEWHERE, [tx]);
      expect(total(elsewhere.wallet)).to.equal(0n);
      elsewhere.disconnect();
      if (restarts) elsewhere.restart();
      elsewhere.mempool.clear();
      elsewhere.mine(ELSEWHERE, [{ ...tx, inputs: [unsignedInput(strangersPrevout)], outputs: [] }]);
      expect(walletBalance(elsewhere.wallet)).to.deep.equal(balance({ confirmed: 200_000n }));
      check(elsewhere);
    }
  });
});
