import { satText } from "../amounts.ts";
import type { Subscription } from "../answers.ts";
import { wholeId } from "../choose.ts";
import type { SluiceClient } from "../client.ts";
import { type Command, command } from "../command.ts";
import { record, short, table } from "../table.ts";
import { showReceipt } from "../watch.ts";

const whole = (subscription: Subscription): string =>
  record({
    id: subscription.id,
    state: subscription.state,
    site: subscription.site,
    stream: subscription.stream,
    payee: subscription.payee,
    units: `${subscription.unlocked.length} of ${subscription.units} unlocked`,
    price: `${satText(subscription.priceMsatPerUnit)} sat a unit`,
    paid: `${satText(subscription.paidMsat)} sat`,
    fees: `${satText(subscription.feesMsat)} sat`,
    owed: `${satText(subscription.owedMsat)} sat`,
    window: `${subscription.windowUnits} units`,
    cap: `${satText(subscription.capMsat)} sat`,
  });
/** The node makes these ids; their length is its own affair, so a whole one is one that is known. */
const known = (node: SluiceClient, id: string): Promise<string> =>
  wholeId(id, /^$/, async () => (await node.subscriptions()).map((subscription) => subscription.id));

const change = (verb: "pause" | "resume" | "close", about: string): Command =>
  command({
    words: `subscription ${verb} <id>` as "subscription change <id>",
    about,
    async run({ client, show }, { id }) {
      const node = await client();
      const changed = await node[verb](await known(node, id));
      show(changed, () => whole(changed));
    },
  });

export const subscriptionCommands = [
  command({
    words: "subscription list",
    about: "sessions with sites, open and closed",
    async run({ client, show }) {
      const subscriptions = await (await client()).subscriptions();
      show(subscriptions, (width) =>
        table(
          subscriptions,
          [
            ["ID", ({ id }) => short(id)],
            ["STATE", ({ state }) => state],
            ["SITE", ({ site }) => site],
            ["UNITS", ({ unlocked, units }) => `${unlocked.length}/${units}`, "right"],
            ["PAID", ({ paidMsat }) => satText(paidMsat), "right"],
            ["FEES", ({ feesMsat }) => satText(feesMsat), "right"],
            ["OWED", ({ owedMsat }) => satText(owedMsat), "right"],
            ["CAP", ({ capMsat }) => satText(capMsat), "right"],
          ],
          width,
        ),
      );
    },
  }),
  command({
    words: "subscription show <id>",
    about: "one session with a site",
    async run({ client, show }, { id }) {
      const node = await client();
      const subscription = await node.subscription(await known(node, id));
      show(subscription, () => whole(subscription));
    },
  }),
  change("pause", "stops paying; what is unlocked stays unlocked"),
  change("resume", "goes on paying"),
  change("close", "ends a session with an exact account"),
  command({
    words: "subscription receipt <id>",
    about: "what was paid for what, signed by both sides",
    async run({ client, show }, { id }) {
      const node = await client();
      await showReceipt(node, await known(node, id), show);
    },
  }),
];
