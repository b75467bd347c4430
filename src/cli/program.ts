import { CommanderError, Command as Verb } from "commander";
import { sluiceClient } from "./client.ts";
import type { Command, Session } from "./command.ts";
import { backupCommands } from "./commands/backup.ts";
import { chainCommands } from "./commands/chain.ts";
import { channelCommands } from "./commands/channel.ts";
import { configCommands } from "./commands/config.ts";
import { eventCommands } from "./commands/events.ts";
import { graphCommands } from "./commands/graph.ts";
import { invoiceCommands } from "./commands/invoice.ts";
import { keysendCommands } from "./commands/keysend.ts";
import { labelCommands } from "./commands/labels.ts";
import { nodeCommands } from "./commands/node.ts";
import { notaryCommands } from "./commands/notary.ts";
import { paymentCommands } from "./commands/payment.ts";
import { peerCommands } from "./commands/peer.ts";
import { psbtCommands } from "./commands/psbt.ts";
import { streamCommands } from "./commands/stream.ts";
import { subscriptionCommands } from "./commands/subscription.ts";
import { walletCommands } from "./commands/wallet.ts";
import { watchedCommands } from "./commands/watched.ts";
import { EXIT, usage } from "./exit.ts";
import { apiClient, type Change } from "./http.ts";
import { locate } from "./locate.ts";
import { tell, toldOf } from "./problem.ts";
import { settingOptions } from "./settings.ts";
import type { Terminal } from "./terminal.ts";

export const COMMANDS: readonly Command[] = [
  ...nodeCommands,
  ...walletCommands,
  ...psbtCommands,
  ...watchedCommands,
  ...labelCommands,
  ...backupCommands,
  ...chainCommands,
  ...notaryCommands,
  ...peerCommands,
  ...channelCommands,
  ...invoiceCommands,
  ...paymentCommands,
  ...keysendCommands,
  ...graphCommands,
  ...streamCommands,
  ...subscriptionCommands,
  ...eventCommands,
  ...configCommands,
];
const NOUNS: Readonly<Record<string, string>> = {
  wallet: "coins on chain",
  "wallet psbt": "transactions that others sign too",
  "wallet watch": "coins that are watched by descriptor, without keys",
  "wallet labels": "what transactions, addresses and coins are called",
  chain: "the base chain",
  notary: "that documents were there when a block was made",
  peer: "Lightning nodes",
  channel: "payment channels",
  invoice: "what others are to pay",
  graph: "the announced network",
  stream: "films: sell and watch",
  subscription: "sessions with sites",
  backup: "what gives channels back beside the words",
  config: "settings",
};

interface Globals {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly datadir?: string;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly idempotencyKey?: string;
}
/** Thrown by `--dry-run` in place of a change. */
class Refused extends Error {
  readonly change: Change;
  constructor(change: Change) {
    super("dry run");
    this.change = change;
  }
}

/** Runs one command line. Resolves with the exit code; rejects only for bugs of ours. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  const handed = handedOver(argv);
  if (handed !== undefined) return terminal.run(...handed);
  const asJson = argv.includes("--json") || !terminal.err.isTerminal;
  const complaints: string[] = [];
  let misused = terminal.called;
  const defaults = argv.includes("start") ? await defaultsFor(argv, terminal) : {};
  const program = programOf(terminal, defaults, (text) => complaints.push(text));
  for (const verb of everyVerb(program))
    verb.exitOverride((error) => {
      misused = pathOf(verb);
      throw error;
    });
  try {
    await program.parseAsync(argv, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    const isUnfinished = error instanceof CommanderError && error.code === "commander.help";
    const told = toldOf(error instanceof CommanderError ? usageOf(error, misused) : error);
    if (told === undefined) throw error;
    if (isUnfinished && !asJson) terminal.err.write(complaints.join(""));
    else tell(told, asJson, terminal.err);
    return told.exit;
  }
}
/** What reads its own flags, by the rules of its environment and file: only a folder may be named before it. */
function handedOver(argv: readonly string[]): Parameters<Terminal["run"]> | undefined {
  let at = 0;
  while (/^--datadir(?:=|$)/.test(argv[at] ?? "")) at += argv[at] === "--datadir" ? 2 : 1;
  const program = argv[at] === "start" ? "main" : argv[at] === "signer" ? "signer" : undefined;
  if (program === undefined || argv.includes("--help") || argv.includes("-h")) return undefined;
  return [program, argv.toSpliced(at, 1)];
}

function usageOf(error: CommanderError, wrong: string) {
  const detail =
    error.code === "commander.help"
      ? "A command is missing."
      : error.message.replace(/^error: /, "").replaceAll("\n", " ");
  return usage(detail, `${wrong} --help`);
}

type Defaults = Parameters<typeof settingOptions>[0];
/** For the help of `start`: on the network that is named. Loaded for nothing else, as it takes a while. */
async function defaultsFor(argv: readonly string[], { env }: Terminal): Promise<Defaults> {
  const { settingDefaults } = await import("../daemon/config.ts");
  const flag = "--network";
  const inline = argv.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1);
  const apart = argv.includes(flag) ? argv[argv.indexOf(flag) + 1] : undefined;
  return settingDefaults(inline ?? apart ?? env["SLUICE_NETWORK"]);
}

function programOf(terminal: Terminal, defaults: Defaults, complain: (text: string) => void): Verb {
  const program = new Verb(terminal.called)
    .description("A Lightning node for streaming micropayments. Amounts: 25 or 25sat, or 25000msat.")
    .option("--json", "JSON on a terminal too (a pipe always gets JSON)")
    .option("--datadir <folder>", "the daemon's folder (or SLUICE_DATADIR; without either that of SLUICE_NETWORK)")
    .option("--url <url>", "the daemon's API, in place of --datadir")
    .option("--token-file <file>", "a token with fewer rights than the owner's")
    .option("--idempotency-key <key>", "for asking the same again after a crash")
    .option("--dry-run", "show what would be asked of the daemon, or written; change nothing")
    .helpCommand(false)
    .configureHelp({
      subcommandTerm: (verb) => `${verb.name()} ${verb.usage().replace(/^\[options\] ?/, "")}`.trimEnd(),
    })
    .configureOutput({ writeOut: terminal.out.write, writeErr: complain });
  addForeground(program, terminal, defaults);
  for (const command of COMMANDS) {
    let parent = program;
    let words = command.words;
    for (let noun = ""; ; ) {
      const [first = "", ...rest] = words.split(" ");
      noun = `${noun} ${first}`.trim();
      if (NOUNS[noun] === undefined) break;
      parent = nounOf(parent, first, NOUNS[noun]);
      words = rest.join(" ");
    }
    add(parent, words, command, terminal);
    if (command.alias === undefined) continue;
    const arguments_ = command.words.split(" ").filter((word) => /^[<[]/.test(word));
    add(program, [command.alias, ...arguments_].join(" "), command, terminal, { hidden: true });
  }
  return program;
}
/** For their help: they are run by what reads their flags. */
function addForeground(program: Verb, { called }: Terminal, defaults: Defaults): void {
  const start = program
    .command("start")
    .description("runs a daemon in the foreground; its flags are also settings of config.toml and of the environment");
  for (const [flags, about] of settingOptions(defaults)) start.option(flags, about);
  const signer = program
    .command("signer")
    .description("runs in the foreground what has the keys of a daemon, which names its socket by --signer unix:<path>")
    .option("--socket <path>", "where the daemon finds it (needed)")
    .option("--datadir <folder>", "of its own, with the words (needed)")
    .option("--network <name>", "as the daemon's (default: regtest)")
    .option("--restore", "asks for the words of a node that was lost, in place of making new ones");
  for (const verb of [start, signer])
    verb
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        const name = verb.name();
        throw usage(`Only --datadir may stand before ${name}.`, `${called} ${name} --help`);
      });
}

const everyVerb = (verb: Verb): readonly Verb[] => [verb, ...verb.commands.flatMap(everyVerb)];
const pathOf = (verb: Verb): string => (verb.parent === null ? verb.name() : `${pathOf(verb.parent)} ${verb.name()}`);

function nounOf(program: Verb, noun: string, about = ""): Verb {
  const known = program.commands.find((made) => made.name() === noun);
  return known ?? program.command(noun).description(about).helpCommand(false);
}

function add(parent: Verb, words: string, command: Command, terminal: Terminal, how = { hidden: false }): void {
  const verb = parent.command(words, how).description(command.about).copyInheritedSettings(parent);
  for (const [flags, about] of Object.entries(command.options ?? {})) verb.option(flags, about);
  verb.action(async () => {
    const session = sessionOf(verb.optsWithGlobals<Globals>(), terminal);
    const names = verb.registeredArguments.map((argument) => argument.name());
    const values = names.map(
      (name, at) => [name, verb.processedArgs[at] as string | readonly string[] | undefined] as const,
    );
    try {
      await command.run(session, { ...verb.opts(), ...Object.fromEntries(values) });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { method, path, body } = error.change;
      const line = `would ask ${method} ${path}${body === undefined ? "" : ` ${JSON.stringify(body)}`}\n`;
      session.show({ dryRun: error.change }, () => line);
    }
  });
}

function sessionOf(globals: Globals, terminal: Terminal): Session {
  const datadir = globals.datadir ?? terminal.env["SLUICE_DATADIR"];
  const asJson = globals.json === true || !terminal.out.isTerminal;
  const dryRun = globals.dryRun === true;
  const refuse = (change: Change): never => {
    throw new Refused(change);
  };
  return {
    terminal,
    asJson,
    dryRun,
    datadir,
    async client() {
      const { url, token } = await locate({ ...globals, datadir, network: terminal.env["SLUICE_NETWORK"] });
      const { idempotencyKey } = globals;
      return sluiceClient(apiClient(url, token, { idempotencyKey, refuse: dryRun ? refuse : undefined }));
    },
    show: (value, people) => terminal.out.write(asJson ? `${JSON.stringify(value)}\n` : people(terminal.out.columns)),
  };
}
