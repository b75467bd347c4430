import { NODE_ID, wholeId } from "../choose.ts";
import { command } from "../command.ts";
import { table } from "../table.ts";

export const peerCommands = [
  command({
    words: "peer add <uri>",
    about: "connects to a Lightning node, id@host:port",
    alias: "connect",
    async run({ client, show }, { uri }) {
      const peer = await (await client()).connect(uri);
      show(peer, () => `connected with ${peer.id} at ${peer.address}\n`);
    },
  }),
  command({
    words: "peer list",
    about: "Lightning nodes this one is, or was, connected with",
    alias: "listpeers",
    async run({ client, show }) {
      const peers = await (await client()).peers();
      show(peers, (width) =>
        table(
          peers,
          [
            ["ID", ({ id }) => id],
            ["ADDRESS", ({ address }) => address],
            ["CONNECTED", ({ connected }) => connected],
            ["BY", ({ inbound }) => (inbound ? "them" : "us")],
          ],
          width,
        ),
      );
    },
  }),
  command({
    words: "peer rm <id>",
    about: "closes the connection with a Lightning node",
    alias: "disconnect",
    async run({ client, show }, { id }) {
      const node = await client();
      const whole = await wholeId(id, NODE_ID, async () => (await node.peers()).map((peer) => peer.id));
      await node.disconnect(whole);
      show({ id: whole, connected: false }, () => `disconnected from ${whole}\n`);
    },
  }),
];
