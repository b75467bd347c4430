import { grouped, satText } from "../amounts.ts";
import type { GraphChannel } from "../answers.ts";
import { command } from "../command.ts";
import { short, table } from "../table.ts";

/** What the node at one end asks for a payment through the channel. */
function fee({ policies }: GraphChannel, end: 0 | 1): string | null {
  const policy = policies[end];
  if (policy === null) return null;
  return policy.disabled ? "disabled" : `${satText(policy.feeBaseMsat)} sat + ${grouped(String(policy.feePpm))} ppm`;
}

export const graphCommands = [
  command({
    words: "graph nodes",
    about: "the nodes that were announced",
    async run({ client, show }) {
      const nodes = await (await client()).graphNodes();
      show(nodes, (width) =>
        table(
          nodes,
          [
            ["ID", ({ id }) => id],
            ["ALIAS", ({ alias }) => alias],
            ["CHANNELS", ({ channels }) => channels, "right"],
            ["ADDRESSES", ({ addresses }) => addresses.join(", ") || null],
          ],
          width,
        ),
      );
    },
  }),
  command({
    words: "graph channels",
    about: "the channels that were announced, with what both ends ask for",
    alias: "describegraph",
    async run({ client, show }) {
      const channels = await (await client()).graphChannels();
      show(channels, (width) =>
        table(
          channels,
          [
            ["CHANNEL", ({ shortChannelId }) => shortChannelId],
            ["CAPACITY", ({ capacitySat }) => capacitySat && grouped(capacitySat), "right"],
            ["NODE 1", ({ nodes }) => short(nodes[0])],
            ["ITS FEE", (channel) => fee(channel, 0)],
            ["NODE 2", ({ nodes }) => short(nodes[1])],
            ["ITS FEE", (channel) => fee(channel, 1)],
          ],
          width,
        ),
      );
    },
  }),
];
