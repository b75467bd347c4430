import { expect } from "chai";
import fc from "fast-check";
import { channelId } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { sat, satPerKw } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import type { LabNode } from "../../../src/lab/lab-node.ts";
import type { World } from "../../../src/lab/world.ts";
import { featureBits, OFFERED } from "../../../src/wire/features.ts";
import { standing } from "../../../src/wire/negotiated.ts";
import { encodeMessage, MESSAGES, type WireMessage } from "../../../src/wire/registry.ts";
import { arbitraryMessage, damaged } from "../../support/arbitraries.ts";
import { SCRIPT } from "../../support/channel-fixtures.ts";
import { fundedBy, openInput, Puppet } from "../puppet.ts";
import { invoiceOf, type Line, line, paid, type Stranger, stranger, violations } from "../small-world.ts";

/** Where the stranger's channel stands when it begins to talk nonsense. */
const STAGES = ["none", "accepted", "unfunded", "normal", "closing", "htlc", "splicing", "spliced"] as const;
/** For a splice to be half constructed, and to be signed by both, in virtual ms. */
const SPLICE_MS = { splicing: 90, spliced: 900 };
type Stage = (typeof STAGES)[number];

const OURS = featureBits(OFFERED.init);
/** What does not by itself end the connection. */
const TALK = MESSAGES.filter(({ name }) => name !== "init" && standing(name, OURS, OURS) !== "refused");

/** Values that a hostile peer would try: right ids, heights and amounts at the edges. */
function aimed(message: WireMessage, ids: readonly string[], lot: number): WireMessage {
  const pick = <T>(values: readonly T[]): T => values[lot % values.length] as T;
  const changes: Record<string, unknown> = {};
  if ("channel_id" in message) changes["channel_id"] = pick(ids);
  if ("temporary_channel_id" in message) changes["temporary_channel_id"] = pick(ids);
  if ("id" in message) changes["id"] = pick([0n, 1n, message.id, 2n ** 64n - 1n]);
  if ("amount_msat" in message) changes["amount_msat"] = pick([message.amount_msat, 0n, 1_000n, 1_000_000n]);
  if ("chain_hash" in message) changes["chain_hash"] = CHAINS.regtest.genesisHash;
  if ("next_commitment_number" in message) {
    changes["next_commitment_number"] = pick([0n, 1n, 2n, 2n ** 48n, 2n ** 64n - 1n]);
    changes["next_revocation_number"] = pick([0n, 1n, 2n ** 48n, 2n ** 64n - 1n, 2n]);
  }
  return { ...message, ...changes } as WireMessage;
}

async function reach(world: World, node: LabNode, mallory: Stranger, stage: Stage): Promise<string> {
  if (stage === "none") return "00".repeat(32);
  if (stage === "accepted" || stage === "unfunded") {
    const puppet = new Puppet(world, mallory, node, {
      say: (message) => (message.name === "funding_created" && stage === "accepted" ? undefined : message),
    });
    puppet.give(openInput(1));
    await world.pass(300);
    return mallory.of("accept_channel")[0]?.temporary_channel_id ?? puppet.id;
  }
  const puppet = await fundedBy(world, node, mallory);
  puppet.say = () => undefined;
  if (stage === "closing") {
    mallory.say({ name: "shutdown", channel_id: puppet.id, scriptpubkey: Uint8Array.of(0, 20, ...new Uint8Array(20)) });
    await world.pass(200);
  }
  if (stage === "htlc") {
    puppet.say = (message) => message;
    puppet.give({
      tag: "OfferHtlc",
      amount: 50_000n as never,
      paymentHash: "55".repeat(32) as never,
      expiry: (world.chain.brain.chain.tip.height + 100) as never,
      onion: new Uint8Array(1366).fill(3),
      origin: { tag: "payment", paymentId: "p", attempt: 1 },
    });
    await world.pass(50);
    puppet.say = () => undefined;
  }
  if (stage === "splicing" || stage === "spliced") {
    puppet.say = (message) => message;
    const change = { tag: "out", amount: sat(20_000n), script: SCRIPT.b } as const;
    const serials = { input: 2n, output: 4n, own: 6n };
    puppet.give({ tag: "Splice", request: { change, feerate: satPerKw(1_000), serials } });
    await world.pass(SPLICE_MS[stage]);
    const { others } = puppet.funded.commitments;
    expect(others.map(({ role }) => role)).to.deep.equal(stage === "spliced" ? ["active"] : []);
    puppet.say = () => undefined;
  }
  return puppet.id;
}

/** Between honest nodes no channel fails; with such a peer it should. What else is violated stays. */
function forgive({ world, edges }: Line): void {
  const honest = present(edges[0]?.id, "a channel").slice(0, 8);
  const kept = world.violations.filter(({ rule, detail }) => rule !== "no_failure" || detail.includes(honest));
  world.violations.splice(0, world.violations.length, ...kept);
}

/** A world stands still when something is violated. */
async function pass(desk: Line, ms: number): Promise<void> {
  const end = desk.world.clock.now() + ms;
  for (let left = ms; left > 0 && desk.world.violations.length === 0; left = end - desk.world.clock.now()) {
    await desk.world.pass(left);
    forgive(desk);
  }
}

/** One round: a stranger comes to a stage, then says what chance says, until it is cut off or has no more to say. */
async function harass(desk: Line, round: number): Promise<number> {
  const { world, nodes, edges } = desk;
  const node = present(nodes[0], "a node");
  const mallory = await stranger(world, node, `mallory ${round}`);
  const stage = STAGES[round % STAGES.length] as Stage;
  const own = await reach(world, node, mallory, stage);
  const ids = [own, present(edges[0]?.id, "a channel"), own, channelId(new Uint8Array(32)), own];
  const declared = fc.oneof({ weight: 19, arbitrary: fc.constantFrom(...TALK) }, fc.constantFrom(...MESSAGES));
  const oneOf = declared.chain((one) => arbitraryMessage(one));
  const samples = fc.sample(fc.tuple(oneOf, fc.nat()), { seed: round + 1, numRuns: 25 });
  let said = 0;
  for (const [message, lot] of samples) {
    if (mallory.ended.length > 0) break;
    const frame = encodeMessage(aimed(message as WireMessage, ids, lot));
    const [broken] = fc.sample(damaged(frame), { seed: lot, numRuns: 1 });
    mallory.session.sendBytes(lot % 7 === 0 && broken !== undefined && broken.length < 65_536 ? broken : frame);
    said++;
    await pass(desk, 15);
    if (violations(world).length > 0) break;
  }
  mallory.session.close();
  await pass(desk, 100);
  return said;
}

describe("Hostile peer: nothing that it says makes the node throw, or touches another peer's channel", () => {
  it("any messages, in any order, at any stage of a channel", async function () {
    this.timeout(120_000);
    const desk = await line(2);
    const { world, nodes } = desk;
    const [node, honest] = nodes as [LabNode, LabNode];
    const before = node.node.channels()[0];
    let said = 0;
    for (let round = 0; round < 72; round++) {
      said += await harass(desk, round);
      expect(violations(world), `after round ${round}`).to.deep.equal([]);
    }
    expect(said).to.be.greaterThan(200);
    const after = node.node.channels().find(({ id }) => id === before?.id);
    expect([after?.state, after?.local, after?.active]).to.deep.equal([before?.state, before?.local, true]);
    const invoice = await invoiceOf(world, honest);
    expect((await paid(world, node, invoice.bolt11)).state).to.equal("succeeded");
    expect(violations(world)).to.deep.equal([]);
  });
});
