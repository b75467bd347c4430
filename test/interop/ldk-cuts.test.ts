import { expect } from "chai";
import { until } from "../../scripts/demo/client.ts";
import type { UpdateAddHtlc } from "../../src/wire/updates.ts";
import { called, cut, type Place, survive } from "./cuts.ts";
import {
  again,
  connected,
  DEPTH_BLOCKS,
  inMempool,
  ldkBegins,
  ldkHasBegun,
  ldkPays,
  ldkRefuses,
  type Opening,
  reconnected,
  weBegin,
  wePay,
  weRefuse,
} from "./dealings.ts";
import { isLdkHere } from "./ldk.ts";
import { type Company, company, endow, told, usable } from "./ldk-and-sluice.ts";

const SMALL: Opening = { sat: "100000" };
const PRIVATE: Opening = { pushMsat: "500000000" };
const PUBLIC: Opening = { ...PRIVATE, announce: true };

describe("LDK: the wire is cut in the middle of each kind of message", function () {
  this.timeout(120_000);
  let them: Company;
  before(async function () {
    if (!isLdkHere()) return this.skip();
    them = await company({ announce: false });
    await endow(them);
    await connected(them);
  });
  after(() => them?.stop());
  afterEach(() => {
    them.wire.disarm();
    expect(them.complaints()).to.deep.equal([]);
  });

  const opens = () =>
    them.ldk.do("open", { peer: them.ours.started.nodeId, sat: "100000", pushMsat: "0", announce: false });
  describe("while LDK opens", () => {
    for (const place of [
      ["ldk", "open_channel"],
      ["ours", "accept_channel"],
    ] as const)
      it(`${called(place)}: LDK goes on when the wire is back`, async () => {
        const since = them.ldk.said.length;
        await cut(them, place, opens);
        await again(them);
        const id = await ldkHasBegun(them, since);
        await them.mine(DEPTH_BLOCKS);
        await usable(them, id);
      });
    it("ldk: funding_created: nothing was funded, and neither keeps it", async () => {
      const before = (await them.channels()).length;
      await cut(them, ["ldk", "funding_created"], opens);
      await reconnected(them);
      expect((await them.channels()).length).to.equal(before);
      expect(them.complaints()).to.deep.equal(["ldk closed: DisconnectedPeer"]);
    });
  });
  describe("while we open", () => {
    /** What each says of it when the wire is back. */
    const openings: readonly (readonly [Place, readonly string[]])[] = [
      [["ours", "open_channel"], []],
      [["ldk", "accept_channel"], ["ldk closed: DisconnectedPeer"]],
      [["ours", "funding_created"], ["ldk closed: DisconnectedPeer"]],
      [
        ["ldk", "funding_signed"],
        [
          "ours error: unknown channel",
          "ldk log: lightning::ln::channelmanager:4128 Force-closing channel …",
          "ldk closed: CounterpartyForceClosed: unknown channel",
        ],
      ],
    ];
    for (const [place, said] of openings)
      it(`${called(place)}: nothing was funded, and neither keeps it`, async () => {
        const before = (await them.channels()).length;
        const since = them.ldk.said.length;
        const opening = cut(them, place, () => weBegin(them, SMALL));
        expect(await opening.catch((error: Error) => error.message)).to.include("disconnected while opening");
        await again(them);
        await until("a channel less", async () => (await them.ldk.do("channels")).length === before);
        if (said.some((text) => text.startsWith("ldk closed")))
          await told(them.ldk, "a close", since, ({ name }) => name === "closed");
        expect((await them.channels()).length).to.equal(before);
        expect(them.complaints()).to.deep.equal(said);
      });
  });
  describe("while a channel comes into use", () => {
    for (const [place, opening] of [
      [["ours", "channel_ready"], PRIVATE],
      [["ldk", "channel_ready"], PRIVATE],
      [["ours", "announcement_signatures"], PUBLIC],
      [["ldk", "announcement_signatures"], PUBLIC],
    ] as const)
      it(called(place), async () => {
        await (place[0] === "ours" ? weBegin(them, opening) : ldkBegins(them, opening));
        await survive(them, place, () => them.mine(DEPTH_BLOCKS));
      });
  });
  describe("while they come back", () => {
    for (const place of [
      ["ours", "init"],
      ["ldk", "init"],
      ["ours", "channel_reestablish"],
      ["ldk", "channel_reestablish"],
    ] as const)
      it(called(place), () =>
        survive(them, place, async () => {
          them.wire.cut();
          await until("no peer", async () => (await them.ldk.do("peers")).length === 0);
          await them.dial();
        }),
      );
  });
  describe("in a payment", () => {
    const payments: readonly (readonly [string, () => Promise<void>, readonly Place[]])[] = [
      [
        "from us",
        () => wePay(them, "2000000"),
        [
          ["ours", "update_add_htlc"],
          ["ours", "commitment_signed"],
          ["ldk", "revoke_and_ack"],
          ["ldk", "commitment_signed"],
          ["ours", "revoke_and_ack"],
          ["ldk", "update_fulfill_htlc"],
        ],
      ],
      [
        "from LDK",
        () => ldkPays(them, "2000000"),
        [
          ["ldk", "update_add_htlc"],
          ["ldk", "commitment_signed"],
          ["ours", "revoke_and_ack"],
          ["ours", "commitment_signed"],
          ["ldk", "revoke_and_ack"],
          ["ours", "update_fulfill_htlc"],
        ],
      ],
      ["that LDK refuses", () => ldkRefuses(them, "3000000"), [["ldk", "update_fail_htlc"]]],
      ["that we refuse", () => weRefuse(them, "3000000"), [["ours", "update_fail_htlc"]]],
    ];
    for (const [what, doing, places] of payments)
      for (const place of places) it(`${what}: ${called(place)}`, () => survive(them, place, doing));

    /** As if it had been damaged by who made it: its signature covers no onion. */
    const damaged = (message: UpdateAddHtlc): UpdateAddHtlc => ({
      ...message,
      onion_routing_packet: message.onion_routing_packet.map((byte, at) => (at === 100 ? byte ^ 1 : byte)),
    });
    it("from us whose onion LDK cannot read: ldk: update_fail_malformed_htlc", async () => {
      void them.wire.change("ours", "update_add_htlc", damaged);
      // It is tried again, whole this time.
      await survive(them, ["ldk", "update_fail_malformed_htlc"], () => wePay(them, "4000000"));
    });
    it("from LDK whose onion we cannot read: ours: update_fail_malformed_htlc", async () => {
      void them.wire.change("ldk", "update_add_htlc", damaged);
      const since = them.ldk.said.length;
      await survive(them, ["ours", "update_fail_malformed_htlc"], async () => {
        await them.ldk.do("keysend", { peer: them.ours.started.nodeId, msat: "4000000" });
        await told(them.ldk, "a payment failed", since, ({ name }) => name === "failed");
      });
    });
  });
  describe("while a channel is closed", () => {
    for (const place of [
      ["ours", "shutdown"],
      ["ldk", "shutdown"],
      ["ours", "closing_signed"],
      ["ldk", "closing_signed"],
    ] as const)
      it(called(place), async () => {
        const [first] = await them.ldk.do("channels");
        const since = them.ldk.said.length;
        await cut(them, place, () => them.ldk.do("close", { channel: first?.id ?? "" }));
        await again(them);
        await told(them.ldk, "a close", since, ({ name }) => name === "closed");
        await inMempool(them);
        // A channel that is closed in the chain is not spoken of when the wire comes back once more.
        await them.mine(1);
        expect(them.complaints()).to.deep.equal(["ldk closed: LocallyInitiatedCooperativeClosure"]);
      });
  });

  describe("last of all", () => {
    it("ours: funding_signed: LDK does not keep the channel, and nothing was funded", async () => {
      const before = (await them.channels()).length;
      const since = them.wire.heard.length;
      const saidBefore = them.ldk.said.length;
      await cut(them, ["ours", "funding_signed"], opens);
      await again(them);
      await until("a failed channel", async () => (await them.channels()).some(({ state }) => state === "Failed"));
      expect((await them.channels()).length).to.equal(before + 1);
      await until("both errors", async () =>
        (["ours", "ldk"] as const).every((end) => them.wire.namesFrom(end, since).includes("error")),
      );
      await told(them.ldk, "an error of its own", saidBefore, ({ name }) => name === "log");
      const unknown =
        "Got a message for a channel from the wrong node! No such channel for the passed counterparty_node_id …";
      expect(them.complaints()).to.have.members([
        `ldk error: ${unknown}`,
        "ours error: reestablish lost state",
        "ldk closed: DisconnectedPeer",
        `ldk log: lightning::ln::channelmanager:11520 Got non-closing error: ${unknown}`,
      ]);
    });
  });
});
