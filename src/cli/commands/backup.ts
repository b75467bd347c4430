import { existsSync } from "node:fs";
import { counted, grouped } from "../amounts.ts";
import type { BackupCheck } from "../answers.ts";
import { command } from "../command.ts";
import { failed, usage } from "../exit.ts";
import { textOf } from "../proof-file.ts";
import { short, table, when } from "../table.ts";

export const backupCommands = [
  command({
    words: "backup export [file]",
    about: "the newest backup of all channels, to a file or to the screen: keep it elsewhere, beside the words",
    async run({ client, terminal, show, dryRun }, { file }) {
      const node = await client();
      const backup = await node.backup();
      if (file === undefined) return terminal.out.write(backup.text);
      if (existsSync(file)) refuseToForget(file, await node.verifyBackup(await textOf(file)));
      if (dryRun) return show(...wouldWrite([file]));
      await write(file, backup.text);
      const { channels, changedAt } = backup;
      show({ file, channels, changedAt }, () => `${counted(channels, "channel")} written to ${file}\n`);
    },
  }),
  command({
    words: "backup verify <file>",
    about:
      "whether a file is a backup of this node's words, and has every channel that there is now (exit code 1 when not)",
    async run({ client, show }, { file }) {
      const check = await (await client()).verifyBackup(await textOf(file));
      show(check, (width) => shownCheck(check, width));
      if (!check.isComplete)
        throw failed(`${file} lacks ${counted(check.missing.length, "channel")}.`, "sluice backup export");
    },
  }),
  command({
    words: "backup restore [file]",
    about:
      "prepares a new folder for a node of which the words are left, and a backup or peers that keep one: start it then",
    options: {
      "--peer <uris>": "id@host:port of peers that had channels with the node, separated by commas",
      "--signer <socket>": "unix:/path of the signer that has the words",
    },
    async run({ datadir, terminal, show, dryRun }, { file, peer, signer }) {
      const peers = peer === undefined ? [] : peer.split(",");
      if (file === undefined && peers.length === 0)
        throw usage(
          "Channels are restored from a file, or from peers.",
          "sluice backup restore FILE, or --peer id@host:port",
        );
      const { prepareFolder } = await import("../restore.ts");
      const { WORDS_QUESTION } = await import("../words.ts");
      const askWords = () => terminal.askSecret(WORDS_QUESTION);
      const { env, now } = terminal;
      const done = await prepareFolder({ datadir, env, file, peers, signer, askWords, now: now(), dryRun });
      if (!done.ok) throw usage(done.error.message, done.error.hint);
      const { writes, ...prepared } = done.value;
      if (dryRun) return show(...wouldWrite(writes));
      show(prepared, () => {
        const where = `${prepared.datadir} is ready for node ${short(prepared.nodeId)} on ${prepared.network}.`;
        const found = `${whatComes(prepared.channels, peers.length)}; coins are looked for in the chain.`;
        const { network, datadir: folder, signer: keys } = prepared;
        const flags = `--network ${network} --datadir ${folder}${keys === undefined ? "" : ` --signer ${keys}`}`;
        return `${where}\n${found}\nGo on with: ${terminal.called} start ${flags}\n`;
      });
    },
  }),
];

const wouldWrite = (write: readonly string[]): [object, () => string] => [
  { dryRun: { write } },
  () => write.map((file) => `would write ${file}\n`).join(""),
];

async function write(file: string, text: string): Promise<void> {
  const { writeDurably } = await import("../../adapters/documents.ts");
  try {
    await writeDurably(file, text);
  } catch (error) {
    throw usage(`${file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? "for whatever reason"}.`);
  }
}

/** What the node will do with channels that the file tells of, and with peers that were named. */
function whatComes(channels: number, peers: number): string {
  const closing = `${counted(channels, "channel")} will be closed by ${channels === 1 ? "its peer" : "their peers"}`;
  const asking = `${counted(peers, "peer")} ${peers === 1 ? "is asked for what it keeps" : "are asked for what they keep"}`;
  return [...(channels > 0 || peers === 0 ? [closing] : []), ...(peers > 0 ? [asking] : [])].join("; ");
}

/** RELIABILITY P6: a backup is never replaced by one that knows less. */
function refuseToForget(file: string, { channels }: BackupCheck): void {
  const unknown = channels.filter(({ standing }) => standing === "unknown").length;
  if (unknown > 0)
    throw failed(
      `${file} tells of ${counted(unknown, "channel")} that this node does not know.`,
      "export to another file",
    );
}

function shownCheck({ network, changedAt, isComplete, channels, missing }: BackupCheck, width: number): string {
  const verdict = isComplete
    ? "complete: every channel of the node is in it"
    : `${counted(missing.length, "channel")} missing`;
  const rows = table(
    channels,
    [
      ["CHANNEL", ({ id }) => short(id)],
      ["PEER", ({ peer }) => short(peer)],
      ["CAPACITY SAT", ({ capacitySat }) => grouped(capacitySat), "right"],
      ["FUNDING", ({ funding }) => short(funding)],
      ["HERE", ({ standing }) => standing],
    ],
    width,
  );
  return `a backup of these words, ${network}, of ${when(changedAt)}\n${verdict}\n${rows}`;
}
