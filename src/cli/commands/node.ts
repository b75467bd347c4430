import { setTimeout as wait } from "node:timers/promises";
import { counted, grouped, satText } from "../amounts.ts";
import { command } from "../command.ts";
import { CliFault, EXIT } from "../exit.ts";
import { record, short } from "../table.ts";

const STOP_POLL_MS = 50;
const STOP_MS_MAX = 10_000;

export const nodeCommands = [
  command({
    words: "status",
    about: "whether the daemon runs and keeps up with the chain (exit code 3 or 7 when not)",
    async run({ client, show }) {
      const { id, alias, network, height, synced, peers, channels } = await (await client()).info();
      show({ running: true, synced, height, peers, channels }, () => {
        const pace = synced ? "in step with the chain" : "catching up with the chain";
        const many = `${counted(peers, "peer")}, ${counted(channels.active, "channel")} active, ${channels.pending} pending`;
        return `${alias} ${short(id)} on ${network}: ${pace} at height ${grouped(String(height))}, ${many}\n`;
      });
      if (!synced) throw new CliFault(EXIT.notSynced, "The node is still catching up with the chain.");
    },
  }),
  command({
    words: "info",
    about: "who the node is and how far it is with the chain",
    alias: "getinfo",
    async run({ client, show }) {
      const info = await (await client()).info();
      show(info, () =>
        record({
          id: info.id,
          alias: info.alias,
          version: info.version,
          network: info.network,
          height: grouped(String(info.height)),
          "best block": info.blockHash,
          synced: info.synced,
          addresses: info.addresses.join(", ") || null,
          features: info.features,
          "curve library": info.crypto,
          peers: info.peers,
          channels: `${info.channels.active} active, ${info.channels.pending} pending, ${info.channels.closing} closing`,
        }),
      );
    },
  }),
  command({
    words: "balance",
    about: "what the node owns: on chain, in channels, in sessions",
    async run({ client, show }) {
      const balance = await (await client()).balance();
      const { onchain, channels, sessions, watchOnly } = balance;
      show(balance, () =>
        record({
          "on chain, confirmed": `${grouped(onchain.confirmedSat)} sat`,
          "on chain, unconfirmed": `${grouped(onchain.unconfirmedSat)} sat`,
          "on chain, immature": `${grouped(onchain.immatureSat)} sat`,
          "on chain, locked": `${grouped(onchain.lockedSat)} sat`,
          "on chain, kept for closing": `${grouped(onchain.keptForClosingSat)} sat`,
          ...(onchain.missingForClaimsSat === "0"
            ? {}
            : { "on chain, MISSING to claim": `${grouped(onchain.missingForClaimsSat)} sat` }),
          "on chain, reserved": `${grouped(onchain.reservedSat)} sat`,
          "channels, spendable": `${satText(channels.spendableMsat)} sat`,
          "channels, receivable": `${satText(channels.receivableMsat)} sat`,
          "channels, pending": `${satText(channels.pendingMsat)} sat`,
          "held in sessions": `${satText(sessions.heldMsat)} sat`,
          "only watched, confirmed": `${grouped(watchOnly.confirmedSat)} sat`,
          "only watched, unconfirmed": `${grouped(watchOnly.unconfirmedSat)} sat`,
          "only watched, immature": `${grouped(watchOnly.immatureSat)} sat`,
        }),
      );
    },
  }),
  command({
    words: "stop",
    about: "stops the daemon and waits until it has",
    async run({ client, show }) {
      const node = await client();
      await node.shutdown();
      for (let waited = 0; await answers(node.api.url); waited += STOP_POLL_MS) {
        if (waited >= STOP_MS_MAX) throw new CliFault(EXIT.other, "The daemon has not stopped yet.");
        await wait(STOP_POLL_MS);
      }
      show({ stopped: true }, () => "stopped\n");
    },
  }),
];

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/livez`).then(
    () => true,
    () => false,
  );
