import { grouped, msatOf, satOf, satText, wholeOf } from "../amounts.ts";
import type { Channel } from "../answers.ts";
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
    "short channel id": channel.shortChannelId,
    "opened by": channel.opener === "local" ? "us" : "them",
    funding: channel.funding,
    capacity: `${grouped(channel.capacitySat)} sat`,
    local: `${satText(channel.localMsat)} sat`,
    remote: `${satText(channel.remoteMsat)} sat`,
    spendable: `${satText(channel.spendableMsat)} sat`,
    receivable: `${satText(channel.receivableMsat)} sat`,
    "pending HTLCs": channel.htlcs,
    commitments: `local ${channel.localCommitmentNumber}, remote ${channel.remoteCommitmentNumber}`,
    "closing transaction": channel.closingTxid,
  });

export const channelCommands = [
  command({
    words: "channel open <peer> <capacity>",
    about: "opens a channel with a connected node",
    alias: "openchannel",
    options: {
      "--push <amount>": "given to the peer from the start",
      "--private": "do not announce the channel to the network",
      ...FEERATE,
    },
    async run({ client, show }, { peer, capacity, push, private: hidden, feerate }) {
      const node = await client();
      const opened = await node.openChannel({
        peer: await wholeId(peer, NODE_ID, async () => (await node.peers()).map(({ id }) => id)),
        capacitySat: satOf(capacity),
        announce: hidden !== true,
        ...given({ pushMsat: optional(push, msatOf), feerateSatPerKw: optional(feerate, wholeOf) }),
      });
      show(opened, () => whole(opened));
    },
  }),
  command({
    words: "channel list",
    about: "all channels",
    alias: "listchannels",
    async run({ client, show }) {
      const channels = await (await client()).channels();
      show(channels, () =>
        table(channels, [
          ["ID", ({ id }) => short(id)],
          ["PEER", ({ peer }) => short(peer)],
          ["STATE", ({ state }) => state],
          ["ACTIVE", ({ active }) => active],
          ["CAPACITY", ({ capacitySat }) => grouped(capacitySat), "right"],
          ["SPENDABLE", ({ spendableMsat }) => satText(spendableMsat), "right"],
          ["RECEIVABLE", ({ receivableMsat }) => satText(receivableMsat), "right"],
          ["HTLCS", ({ htlcs }) => htlcs, "right"],
        ]),
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
    words: "channel close <id>",
    about: "closes a channel by agreement",
    alias: "closechannel",
    options: { "--address <address>": "where our part goes (default: the node's own wallet)", ...FEERATE },
    async run({ client, show }, { id, address, feerate }) {
      const node = await client();
      const closing = await node.closeChannel(
        await wholeId(id, CHANNEL_ID, async () => (await node.channels()).map((known) => known.id)),
        given({ address, feerateSatPerKw: optional(feerate, wholeOf) }),
      );
      show(closing, () => whole(closing));
    },
  }),
];
