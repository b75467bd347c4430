import { grouped } from "./amounts.ts";
import type { NodeEvent } from "./answers.ts";
import type { SluiceClient } from "./client.ts";
import type { Session } from "./command.ts";
import { follow, sayLost } from "./follow.ts";

/** Blocks that came before the watching began, to begin with something. */
const SHOWN_BEFORE = 5;

/** A block as it came or went. */
interface Seen {
  readonly what: "connected" | "disconnected";
  readonly height: number;
  readonly hash: string;
  readonly time: string;
  readonly transactions: number;
  readonly weight: number;
}

/** Tells of blocks as they are connected and disconnected, until Ctrl-C. */
export async function watchChain({ client, terminal, asJson }: Session): Promise<void> {
  const node = await client();
  const interrupted = terminal.interruption();
  const tell = (seen: Seen): void =>
    terminal.out.write(asJson ? `${JSON.stringify(seen)}\n` : lineOf(seen, terminal.out.columns));
  const queue = inOrder();
  let hasBegun = false;
  const begin = async (): Promise<void> => {
    const { height } = await node.chain();
    for (let at = Math.max(0, height - SHOWN_BEFORE + 1); at <= height; at++) {
      tell(await look(node, "connected", String(at)));
    }
  };
  await follow(node, interrupted, {
    types: ["chain.*"],
    lost: sayLost(terminal),
    following: () => {
      if (!hasBegun) queue(begin);
      hasBegun = true;
    },
    tell: ({ type, data }: NodeEvent) => {
      const what = type === "chain.block_disconnected" ? "disconnected" : "connected";
      queue(async () => tell(await look(node, what, String(data["hash"]))));
    },
  });
}

async function look(node: SluiceClient, what: Seen["what"], block: string): Promise<Seen> {
  const { height, hash, time, transactions, weight } = await node.block(block);
  return { what, height, hash, time, transactions: transactions.length, weight };
}

/** Runs one task after the other. One that fails is left out: the block is gone again, or the daemon is. */
function inOrder(): (task: () => Promise<void>) => void {
  let last: Promise<void> = Promise.resolve();
  return (task) => {
    last = last.then(task).catch(() => undefined);
  };
}

function lineOf({ what, height, hash, time, transactions, weight }: Seen, columns: number): string {
  const sign = what === "connected" ? "+" : "−";
  const facts = [
    `${sign} ${grouped(String(height)).padStart(9)}`,
    time.slice(11, 19),
    `${grouped(String(transactions))} tx`.padStart(8),
    `weight ${grouped(String(weight))}`.padStart(16),
    what === "disconnected" ? `taken back: ${hash}` : hash,
  ];
  return `${facts.join("  ").slice(0, Math.max(1, columns - 1))}\n`;
}
