import { expect } from "chai";
import { createOutbox } from "../../src/daemon/outbox.ts";

describe("outbox: what waits for the disk", () => {
  const heard = () => {
    const said: string[] = [];
    return { said, say: (text: string) => () => void said.push(text) };
  };

  it("runs at once what needs nothing", () => {
    const { said, say } = heard();
    createOutbox().post("peer/a", 0, say("add"));
    expect(said).to.deep.equal(["add"]);
  });

  it("holds back what needs a sequence until that sequence is flushed", () => {
    const { said, say } = heard();
    const outbox = createOutbox();
    outbox.post("peer/a", 2, say("commitment_signed"));
    outbox.flushed(1);
    expect(said).to.deep.equal([]);
    outbox.flushed(2);
    expect(said).to.deep.equal(["commitment_signed"]);
    expect(outbox.waiting).to.equal(0);
  });

  it("never lets a proposal overtake a promise of the same lane", () => {
    const { said, say } = heard();
    const outbox = createOutbox();
    outbox.post("peer/a", 1, say("revoke_and_ack"));
    outbox.post("peer/a", 0, say("update_add_htlc"));
    outbox.post("peer/b", 0, say("ping"));
    expect(said).to.deep.equal(["ping"]);
    outbox.flushed(1);
    expect(said).to.deep.equal(["ping", "revoke_and_ack", "update_add_htlc"]);
  });

  it("stops within a lane at the first that needs more than is flushed", () => {
    const { said, say } = heard();
    const outbox = createOutbox();
    outbox.post("peer/a", 1, say("first"));
    outbox.post("peer/a", 3, say("second"));
    outbox.post("peer/a", 2, say("third"));
    outbox.flushed(2);
    expect(said).to.deep.equal(["first"]);
    expect(outbox.waiting).to.equal(2);
    outbox.flushed(3);
    expect(said).to.deep.equal(["first", "second", "third"]);
  });

  it("forgets what waits in a lane that is dropped, and nothing else", () => {
    const { said, say } = heard();
    const outbox = createOutbox();
    outbox.post("peer/a", 1, say("a"));
    outbox.post("peer/b", 1, say("b"));
    outbox.drop("peer/a");
    outbox.flushed(1);
    expect(said).to.deep.equal(["b"]);
  });

  it("keeps the order when an errand posts another", () => {
    const { said, say } = heard();
    const outbox = createOutbox();
    outbox.post("peer/a", 1, () => {
      said.push("first");
      outbox.post("peer/a", 0, say("third"));
    });
    outbox.post("peer/a", 1, say("second"));
    outbox.flushed(1);
    expect(said).to.deep.equal(["first", "second", "third"]);
  });
});
