import { expect } from "chai";
import { encodeChannel } from "../../../channels/index.ts";
import { OTHERS_MAX } from "../../../channels/splice/rules.ts";
import type { Txid } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import type { Name, Pair } from "../../support/channel-pair.ts";
import { lockBoth, out, pending, spliceable, spliceBoth, want } from "../../support/splicing.ts";

const NAMES = ["a", "b"] as const;
const current = (pair: Pair): Txid => pair.parties.a.funded.params.funding.txid;
const past = (pair: Pair, name: Name = "a"): readonly Txid[] =>
  pair.parties[name].funded.commitments.others.map(({ terms }) => terms.outpoint.txid);
/** Both have signed a splice and locked it; what it took the place of is returned with it, if there was anything. */
function splicedAnew(pair: Pair, { replaced = false } = {}): { readonly dead: Txid | undefined; readonly txid: Txid } {
  const dead = replaced ? spliceBoth(pair, "b", out(2_000n, "b")) : undefined;
  const txid = spliceBoth(pair, "b", out(3_000n, "b"), 2_000);
  lockBoth(pair, txid);
  return { dead, txid };
}
/** As many blocks later; a splice that was locked 3 blocks deep is so much deeper then. */
const later = (pair: Pair, blocks: number): void => pair.block(pair.parties.a.height + blocks);

describe("RELIABILITY U11: what a channel that is spliced again and again remembers", () => {
  it("no funding longer than what took its place needs to be buried, though that is replaced long before", () => {
    const pair = spliceable();
    const opened = current(pair);
    const first = splicedAnew(pair, { replaced: true });
    expect(past(pair)).to.have.members([opened, first.dead]);
    later(pair, 50);
    const second = splicedAnew(pair, { replaced: true });
    // The first one was mined in the 54th block from the tip.
    later(pair, 100 - 3 - 54);
    expect([...past(pair)].sort(), "99 blocks deep").to.deep.equal(
      [opened, first.dead, first.txid, second.dead].sort(),
    );
    later(pair, 1);
    for (const name of NAMES) expect([...past(pair, name)].sort()).to.deep.equal([first.txid, second.dead].sort());
    expect(current(pair)).to.equal(second.txid);
    for (let count = 0; count < 20; count++) {
      later(pair, 47);
      splicedAnew(pair);
      later(pair, 1);
      expect(past(pair).length <= 4, `${past(pair).length} of ${count}`).to.equal(true);
    }
    expect(NAMES.map((name) => pair.parties[name].state.tag)).to.deep.equal(["Normal", "Normal"]);
  });

  it("a splice that waits, and what it spends, are no older than the funding that is buried", () => {
    const pair = spliceable();
    const first = splicedAnew(pair);
    const waiting = spliceBoth(pair, "b", out(4_000n, "b"));
    later(pair, 120);
    expect([past(pair), current(pair)]).to.deep.equal([[waiting], first.txid]);
  });

  it("no more fundings than a record has room for: who wants another one waits", () => {
    const pair = spliceable();
    splicedAnew(pair);
    const { a } = pair.parties;
    const { commitments } = a.funded;
    const [one] = commitments.others;
    const many = Array.from({ length: OTHERS_MAX - 1 }, (_, vout) => {
      const known = present(one, "what it replaced");
      return { ...known, terms: { ...known.terms, outpoint: { ...known.terms.outpoint, vout: vout + 9 } } };
    });
    a.state = { ...a.funded, commitments: { ...commitments, others: [...commitments.others, ...many] } } as never;
    expect(encodeChannel(a.funded).length > 0, "there is room for them").to.equal(true);
    for (const name of NAMES) {
      pair.trace.length = 0;
      want(pair, name, out(5_000n, name));
      pair.settle();
      const aborts = pair.trace.flatMap(({ from, message }) =>
        message.name === "tx_abort" ? [`${from} ${new TextDecoder().decode(message.data)}`] : [],
      );
      expect(aborts[0], name).to.equal("a too many fundings: wait until some are buried");
      expect([pending(pair, "a").length, pair.connected]).to.deep.equal([0, true]);
    }
    expect(a.take("NegotiationFailed").map(({ reason }) => reason)).to.deep.equal([
      "too many fundings: wait until some are buried",
    ]);
  });
});
