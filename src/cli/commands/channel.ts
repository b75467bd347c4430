import { grouped, msatOf, satOf, satText, wholeOf } from "../amounts.ts";
import type { Channel, Explanation } from "../answers.ts";
import { CHANNEL_ID, NODE_ID, wholeId } from "../choose.ts";
import { command, given, optional } from "../command.ts";
import { record, short, table } from "../table.ts";

const FEERATE = { "--feerate <rate>": "sat per 1,000 weight units" } as const;

const whole = (channel: Channel): string =>
  record({
    id: channel.id,
    peer: channel.peer,
    state: channel.state,
    active: channel.active,
    announced: channel.announced,
    type: channel.channelType.join(", "),
    "short channel id": channel.shortChannelId,
    "our alias": channel.localAlias,
    "their alias": channel.remoteAlias,
    "opened by": channel.opener === "local" ? "us" : "them",
    funding: channel.funding,
    capacity: `${grouped(channel.capacitySat)} sat`,
    local: `${satText(channel.localMsat)} sat`,
    remote: `${satText(channel.remoteMsat)} sat`,
    spendable: `${satText(channel.spendableMsat)} sat`,
    receivable: `${satText(channel.receivableMsat)} sat`,
    "pending HTLCs": channel.htlcs,
    commitments: `local ${channel.localCommitmentNumber}, remote ${channel.remoteCommitmentNumber}`,
    splices:
      channel.splices.length === 0
        ? null
        : channel.splices
            .map(
              ({ txid, capacitySat, confirmed }) =>
                `${txid} (${grouped(capacitySat)} sat${confirmed ? ", mined" : ""})`,
            )
            .join(", "),
    "closes to": channel.closeAddress,
    "closing transaction": channel.closingTxid,
  });

function explained({ why, since, closing, outputs }: Explanation, width: number): string {
  const facts = record({
    why,
    "given up at": since === null ? null : `block ${since}`,
    "closed by": closing === null ? null : `${closing.what} (${closing.txid}, block ${closing.height})`,
  });
  if (outputs.length === 0) return facts;
  const rows = table(
    outputs,
    [
      ["OUTPUT", ({ what }) => what],
      ["SAT", ({ amountSat }) => grouped(amountSat), "right"],
      ["STATE", ({ status, height }) => STATES[status](height)],
    ],
    width,
  );
  return `${facts}\n${rows}`;
}
const STATES: { readonly [S in Explanation["outputs"][number]["status"]]: (height: number | null) => string } = {
  waiting: (height) => `ours at block ${height}`,
  claimable: () => "being claimed",
  no_preimage: () => "the peer's, unless its preimage comes",
  uneconomical: () => "worth less than the fee to claim it",
  spent: (height) => `spent in block ${height}`,
};

export const channelCommands = [
  command({
    words: "channel open <peer> <capacity>",
    about: "opens a channel with a connected node",
    alias: "openchannel",
    options: {
      "--push <amount>": "given to the peer from the start",
      "--private": "do not announce the channel to the network",
      "--close-address <address>": "where our part must go when it is closed by agreement; nothing changes that later",
      "--scid-alias":
        "with --private: known by aliases alone, so that invoices do not show where it stands in the chain",
      "--zero-conf":
        "used before a block holds it, where both nodes have set --zero-conf-peers and the peer names this one",
      "--no-anchors": "of the older type whose commitments pay a fee agreed on in advance (where the config allows it)",
      "--alone": "fund it alone, also where the peer could add something",
      ...FEERATE,
    },
    async run(
      { client, show },
      { peer, capacity, push, private: hidden, anchors, closeAddress, scidAlias, zeroConf, alone, feerate },
    ) {
      const node = await client();
      const opened = await node.openChannel({
        peer: await wholeId(peer, NODE_ID, async () => (await node.peers()).map(({ id }) => id)),
        capacitySat: satOf(capacity),
        announce: hidden !== true,
        ...(anchors === false && { anchors }),
        ...(scidAlias === true && { scidAlias }),
        ...(zeroConf === true && { zeroConf }),
        ...(alone === true && { dual: false }),
        ...given({ closeAddress, pushMsat: optional(push, msatOf), feerateSatPerKw: optional(feerate, wholeOf) }),
      });
      show(opened, () => whole(opened));
    },
  }),
  command({
    words: "channel open-batch <channels...>",
    about: "opens several channels, each written peer=capacity, that one transaction funds, or none of them",
    options: { "--private": "do not announce the channels to the network", ...FEERATE },
    async run({ client, show }, { channels, private: hidden, feerate }) {
      const node = await client();
      const peers = (await node.peers()).map(({ id }) => id);
      const wanted = channels.map(async (pair) => {
        const [peer = "", capacity = ""] = pair.split("=");
        const announce = hidden !== true;
        return { peer: await wholeId(peer, NODE_ID, async () => peers), capacitySat: satOf(capacity), announce };
      });
      const feerateSatPerKw = optional(feerate, wholeOf);
      const opened = await node.openChannels({ channels: await Promise.all(wanted), ...given({ feerateSatPerKw }) });
      show(opened, () => opened.channels.map(whole).join("\n\n"));
    },
  }),
  command({
    words: "channel list",
    about: "all channels",
    alias: "listchannels",
    async run({ client, show }) {
      const channels = await (await client()).channels();
      show(channels, (width) =>
        table(
          channels,
          [
            ["ID", ({ id }) => short(id)],
            ["PEER", ({ peer }) => short(peer)],
            ["STATE", ({ state }) => state],
            ["ACTIVE", ({ active }) => active],
            ["CAPACITY", ({ capacitySat }) => grouped(capacitySat), "right"],
            ["SPENDABLE", ({ spendableMsat }) => satText(spendableMsat), "right"],
            ["RECEIVABLE", ({ receivableMsat }) => satText(receivableMsat), "right"],
            ["HTLCS", ({ htlcs }) => htlcs, "right"],
          ],
          width,
        ),
      );
    },
  }),
  command({
    words: "channel show <id>",
    about: "one channel",
    async run({ client, show }, { id }) {
      const node = await client();
      const channel = await node.channel(
        await wholeId(id, CHANNEL_ID, async () => (await node.channels()).map((known) => known.id)),
      );
      show(channel, () => whole(channel));
    },
  }),
  command({
    words: "channel bump <id> <feerate>",
    about: "pays more for a funding transaction that waits, in sat per 1,000 weight units",
    async run({ client, show }, { id, feerate }) {
      const node = await client();
      const bumped = await node.bumpFunding(
        await wholeId(id, CHANNEL_ID, async () => (await node.channels()).map((known) => known.id)),
        { feerateSatPerKw: wholeOf(feerate) },
      );
      show(bumped, () => whole(bumped));
    },
  }),
  command({
    words: "channel splice-in <id> <amount>",
    about: "puts coins of the wallet into a channel, which stays open",
    options: FEERATE,
    async run({ client, show }, { id, amount, feerate }) {
      const node = await client();
      const spliced = await node.spliceChannel(
        await wholeId(id, CHANNEL_ID, async () => (await node.channels()).map((known) => known.id)),
        { direction: "in", amountSat: satOf(amount), ...given({ feerateSatPerKw: optional(feerate, wholeOf) }) },
      );
      show(spliced, () => whole(spliced));
    },
  }),
  command({
    words: "channel splice-out <id> <amount>",
    about: "takes some of our balance out of a channel, which stays open",
    options: { "--address <address>": "where it goes (default: the node's own wallet)", ...FEERATE },
    async run({ client, show }, { id, amount, address, feerate }) {
      const node = await client();
      const spliced = await node.spliceChannel(
        await wholeId(id, CHANNEL_ID, async () => (await node.channels()).map((known) => known.id)),
        {
          direction: "out",
          amountSat: satOf(amount),
          ...given({ address, feerateSatPerKw: optional(feerate, wholeOf) }),
        },
      );
      show(spliced, () => whole(spliced));
    },
  }),
  command({
    words: "channel close <id>",
    about: "closes a channel by agreement; asked again with a higher --feerate, pays more for it",
    alias: "closechannel",
    options: {
      "--address <address>": "where our part goes (default: the node's own wallet)",
      "--force": "do not ask the peer: publish our commitment, and wait for our part",
      ...FEERATE,
    },
    async run({ client, show }, { id, address, force, feerate }) {
      const node = await client();
      const closing = await node.closeChannel(
        await wholeId(id, CHANNEL_ID, async () => (await node.channels()).map((known) => known.id)),
        given({ address, force: force === true ? true : undefined, feerateSatPerKw: optional(feerate, wholeOf) }),
      );
      show(closing, () => whole(closing));
    },
  }),
  command({
    words: "channel explain <id>",
    about: "why a channel was closed, and what has come of its money",
    async run({ client, show }, { id }) {
      const node = await client();
      const told = await node.explainChannel(
        await wholeId(id, CHANNEL_ID, async () => (await node.channels()).map((known) => known.id)),
      );
      show(told, (width) => explained(told, width));
    },
  }),
];
