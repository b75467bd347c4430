import { expect } from "chai";
import { toHex } from "../../../src/base/bytes.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { p2tr, p2wsh } from "../../../src/bitcoin/templates.ts";
import { AHEAD } from "../../../src/daemon/wallet/recovery.ts";
import { send } from "../../../src/daemon/wallet/spend.ts";
import { walletBalance } from "../../../src/daemon/wallet/state.ts";
import { check } from "./history.ts";
import { keys, SmallChain } from "./small-chain.ts";

const ELSEWHERE = p2wsh(new Uint8Array(32).fill(9));
const TAPROOT = p2tr(new Uint8Array(32).fill(9));

/** A wallet with a past: payments to both types, change of both, and addresses that nobody paid. */
function past(unpaid: number): SmallChain {
  const chain = new SmallChain();
  for (let i = 0; i < unpaid; i++) for (const type of ["p2wpkh", "p2tr"] as const) chain.address(type);
  const paid = (["p2wpkh", "p2tr", "p2wpkh"] as const).map((type, at) =>
    chain.foreign({ amount: sat(50_000n + BigInt(at)), script: chain.address(type) }),
  );
  chain.mine(ELSEWHERE, paid);
  for (const script of [ELSEWHERE, TAPROOT]) {
    const output = { amount: sat(20_000n), script };
    const made = send(chain.wallet, keys, { output, feerate: satPerKw(1_000), label: "x" });
    if (!made.ok) throw new Error(made.error.code);
    chain.take(made.value.step);
    chain.mine(chain.address());
  }
  return chain;
}

describe("a wallet of which nothing is left but the words", () => {
  it("is found again on the chain: every coin of both accounts, received and change, to the sat", () => {
    const chain = past(3);
    const before = { balance: walletBalance(chain.wallet), used: chain.wallet.used };
    chain.lose();
    expect(walletBalance(chain.wallet).confirmed).to.equal(0n);
    chain.rescan(0);
    expect({ balance: walletBalance(chain.wallet), used: chain.wallet.used }).to.deep.equal(before);
    check(chain);
  });

  it("hands out no address again that was used before", () => {
    const chain = past(0);
    const used = new Set(chain.shown);
    chain.lose();
    chain.rescan(0);
    for (const type of ["p2wpkh", "p2tr"] as const) expect(used.has(toHex(chain.address(type)))).to.equal(false);
  });

  it("is found over a gap of 99 unused addresses, and not over one of 100", () => {
    for (const [unpaid, isFound] of [
      [AHEAD - 1, true],
      [AHEAD, false],
    ] as const) {
      const chain = past(unpaid);
      chain.lose();
      chain.rescan(0);
      expect(chain.wallet.used.p2wpkh.external > 0).to.equal(isFound);
    }
  });

  it("is found behind gap after gap, however the payments came", () => {
    const chain = new SmallChain();
    const scripts = Array.from({ length: 3 * AHEAD }, () => chain.address());
    const paid = [AHEAD - 1, 2 * AHEAD - 1, 3 * AHEAD - 1].map((at) => scripts[at] ?? ELSEWHERE);
    for (const script of paid.reverse()) chain.mine(ELSEWHERE, [chain.foreign({ amount: sat(1_000n), script })]);
    chain.lose();
    chain.rescan(0);
    expect(walletBalance(chain.wallet).confirmed).to.equal(3_000n);
    expect(chain.wallet.used.p2wpkh.external).to.equal(3 * AHEAD);
  });

  it("is found behind as many addresses as are handed out before the chain has told of them", () => {
    const chain = new SmallChain();
    const scripts = Array.from({ length: 2 * AHEAD }, () => chain.address());
    const paid = [AHEAD + 3, 2 * AHEAD - 1].map((at) => scripts[at] ?? ELSEWHERE);
    for (const script of paid) chain.mine(ELSEWHERE, [chain.foreign({ amount: sat(1_000n), script })]);
    chain.lose();
    chain.slowly(() => {
      chain.rescan(0);
      for (let i = 0; i < AHEAD + 5; i++) chain.address();
    });
    expect(walletBalance(chain.wallet).confirmed).to.equal(2_000n);
    expect(chain.wallet.used.p2wpkh.external).to.equal(2 * AHEAD);
  });

  it("looks from the height that is given on, and a second time changes nothing", () => {
    const chain = past(0);
    chain.lose();
    chain.rescan(chain.height);
    const late = chain.wallet.coins.size;
    chain.rescan(0);
    expect(chain.wallet.coins.size > late).to.equal(true);
    const found = chain.wallet;
    chain.rescan(0);
    expect(chain.wallet).to.deep.equal(found);
    check(chain);
  });

  it("is whole after a restart in the middle and another search", () => {
    const chain = past(0);
    const before = walletBalance(chain.wallet);
    chain.lose();
    chain.rescan(0);
    chain.restart();
    chain.rescan(0);
    expect(walletBalance(chain.wallet)).to.deep.equal(before);
    check(chain);
  });
});
