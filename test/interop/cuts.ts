import type { MessageName } from "../../src/wire/registry.ts";
import { agreed, reconnected } from "./dealings.ts";
import type { Company } from "./ldk-and-sluice.ts";
import type { End } from "./tapped-wire.ts";

/** The next message of this kind from that end: where the wire is cut. */
export type Place = readonly [End, MessageName];
export const called = ([from, name]: Place): string => `${from}: ${name}`;

/** Half of that message arrives, which this brings about, and then nothing until the connection comes back. */
export async function cut({ wire }: Company, [from, name]: Place, doing: () => Promise<unknown>): Promise<void> {
  const isCut = wire.cutAt(from, name);
  await doing();
  await isCut;
}
/** The wire comes back, what was begun ends well, and the two agree. */
export async function survive(them: Company, place: Place, doing: () => Promise<unknown>): Promise<void> {
  let done: Promise<unknown> = Promise.resolve();
  await cut(them, place, async () => {
    done = doing();
  });
  await reconnected(them);
  await done;
  await agreed(them);
}
