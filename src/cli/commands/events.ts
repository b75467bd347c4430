import { wholeOf } from "../amounts.ts";
import type { NodeEvent } from "../answers.ts";
import type { SluiceClient } from "../client.ts";
import { command, type Session } from "../command.ts";
import { follow, sayLost } from "../follow.ts";
import { short } from "../table.ts";
import { shown } from "../terminal.ts";

const PAGE_EVENTS = 500;

/** The log from a sequence number to its end; answers the last one read. */
async function logged(node: SluiceClient, after: number, tell: (event: NodeEvent) => void): Promise<number> {
  for (let last = after; ; ) {
    const page = await node.events(last, PAGE_EVENTS);
    page.data.forEach(tell);
    last = Number(page.next ?? page.data.at(-1)?.seq ?? last);
    if (!page.hasMore) return last;
  }
}

function writer({ terminal, asJson }: Session): (event: NodeEvent) => void {
  const valueText = (value: unknown): string => (typeof value === "string" ? short(value) : JSON.stringify(value));
  return (event) => {
    if (asJson) return terminal.out.write(`${JSON.stringify(event)}\n`);
    const facts = Object.entries(event.data).map(([name, value]) => `${name}=${valueText(value)}`);
    const line = [String(event.seq).padStart(5), event.createdAt.slice(11, 19), event.type.padEnd(24), ...facts];
    terminal.out.write(`${shown(line.join("  "))}\n`);
  };
}

export const eventCommands = [
  command({
    words: "events",
    about: "the event log, one line an event",
    options: {
      "-f, --follow": "go on with what happens, until Ctrl-C",
      "--after <sequence>": "leave out what came before",
    },
    async run(session, { follow: goOn, after = "0" }) {
      const node = await session.client();
      const tell = writer(session);
      const last = await logged(node, wholeOf(after), tell);
      if (goOn !== true) return;
      const lost = sayLost(session.terminal);
      await follow(node, session.terminal.interruption(), { types: ["*"], after: last, tell, lost });
    },
  }),
];
