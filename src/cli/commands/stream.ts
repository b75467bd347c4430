import { resolve } from "node:path";
import { msatOf, satText, wholeOf } from "../amounts.ts";
import { command } from "../command.ts";
import { pageLink } from "../page-link.ts";
import { table } from "../table.ts";
import { watch } from "../watch.ts";

export const streamCommands = [
  command({
    words: "stream add <folder> <title>",
    about: "puts a film on sale: a folder with a ready HLS playlist, index.m3u8",
    options: {
      "--price <amount>": "for a second (default: 1sat)",
      "--segment-seconds <seconds>": "how long a segment is (default: 1)",
      "--free-seconds <seconds>": "shown without payment (default: 0)",
    },
    async run({ client, show }, { folder, title, price = "1sat", segmentSeconds = "1", freeSeconds = "0" }) {
      const stream = await (await client()).addStream({
        title,
        source: resolve(folder),
        priceMsatPerSecond: msatOf(price),
        segmentSeconds: wholeOf(segmentSeconds),
        freeSeconds: wholeOf(freeSeconds),
      });
      show(stream, () => `${stream.id}\n`);
    },
  }),
  command({
    words: "stream list",
    about: "films on sale",
    async run({ client, show }) {
      const streams = await (await client()).streams();
      show(streams, (width) =>
        table(
          streams,
          [
            ["ID", ({ id }) => id],
            ["TITLE", ({ title }) => title],
            ["UNITS", ({ units }) => units, "right"],
            ["SECONDS", ({ units, unitSeconds }) => Math.round(units * unitSeconds), "right"],
            ["SAT/UNIT", ({ priceMsatPerUnit }) => satText(priceMsatPerUnit), "right"],
            ["FREE", ({ freeUnits }) => freeUnits, "right"],
            ["SESSIONS", ({ sessions }) => sessions, "right"],
            ["EARNED", ({ earnedMsat }) => satText(earnedMsat), "right"],
          ],
          width,
        ),
      );
    },
  }),
  command({
    words: "stream page <site> <stream>",
    about: "a link that lets one browser in, once, to the page that plays a film",
    async run({ client, show }, { site, stream }) {
      const node = await client();
      const { code, expiresAt } = await node.loginLink();
      const link = pageLink({ url: node.api.url, site, stream, code });
      show({ link, expiresAt }, () => `${link}\n`);
    },
  }),
  command({
    words: "stream watch <site> <stream>",
    about: "pays a film unit by unit, and shows the account as it grows",
    options: {
      "--budget <amount>": "the most that may be paid in all (default: 10000sat)",
      "--max-unpaid <amount>": "the most that may be under way unpaid (default: 1000sat)",
      "--units <count>": "stop after so many (default: all)",
      "--pace <seconds>": "at least so long for a unit (default: 0, as fast as it can be paid)",
      "--keep-open": "leave the session open at the end",
    },
    run: watch,
  }),
];
