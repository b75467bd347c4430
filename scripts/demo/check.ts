import { readFile } from "node:fs/promises";
import { type Role, walletsProblems } from "./accounts.ts";
import { type Books, keepBooks, type WalletBook } from "./books.ts";
import { readChain } from "./chain-reader.ts";
import { countLeaks, readCapture } from "./leaks.ts";
import { type Conversation, paidTicks, readConversations, secretsOf } from "./tickets.ts";

/**
 * The checking program: it gets the wallets' words, a Bitcoin port and a folder of captured traffic, asks no daemon
 * for its opinion, and says whether the account of the demo adds up. Exit code 0 only if all of it is true.
 */
export interface CheckRequest {
  readonly chainPort: number;
  readonly captures: string;
  readonly words: Readonly<Record<Role, string>>;
  /** What the router advertises. */
  readonly fee: { readonly baseMsat: number; readonly ppm: number };
  /** For tests of the checker: added to what the site holds, in sat. */
  readonly plantedSat: number;
}
export interface CheckReport {
  readonly event: "demo.checked";
  readonly conserved: boolean;
  readonly secretsLeaked: number;
  readonly paidMsat: string;
  readonly routerFeeMsat: string;
  readonly problems: readonly string[];
  readonly wallets: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

async function check(request: CheckRequest): Promise<CheckReport> {
  const capture = await readCapture(request.captures);
  const conversations = readConversations(capture);
  const books = keepBooks(await readChain(request.chainPort), new Map(Object.entries(request.words)));
  const ticks = conversations.flatMap(paidTicks);
  const paid = ticks.reduce((total, { amountMsat }) => total + amountMsat, 0n);
  const { baseMsat, ppm } = request.fee;
  const fee = ticks.reduce(
    (total, { amountMsat }) => total + BigInt(baseMsat) + (amountMsat * BigInt(ppm)) / 1_000_000n,
    0n,
  );
  const problems: string[] = [];
  for (const conversation of conversations) problems.push(...accountProblems(conversation));
  problems.push(...chainProblems(books));
  const net: Record<Role, bigint> = { viewer: -(paid + fee), router: fee, site: paid };
  problems.push(...walletsProblems(books, { net, plantedSat: BigInt(request.plantedSat) }));
  const secrets = conversations.flatMap((conversation) => secretsOf(conversation, request.words.site));
  const secretsLeaked = countLeaks(capture, secrets);
  return {
    event: "demo.checked",
    conserved: problems.length === 0,
    secretsLeaked,
    paidMsat: paid.toString(),
    routerFeeMsat: fee.toString(),
    problems,
    wallets: Object.fromEntries([...books.wallets].map(([name, book]) => [name, shown(book)])),
  };
}

function chainProblems({ unspent, subsidies, strangers, channels }: Books): readonly string[] {
  const problems: string[] = [];
  if (unspent !== subsidies) problems.push(`unspent outputs hold ${unspent} sat, subsidies were ${subsidies} sat`);
  if (strangers !== 0n) problems.push(`${strangers} sat belong to none of the wallets`);
  if (channels.length !== 2) problems.push(`${channels.length} channels were closed`);
  return problems;
}

/** A session's own account, as the site told it, against its ticks. */
function accountProblems(conversation: Conversation): readonly string[] {
  const { session, ticks, paidMsat } = conversation;
  const paid = paidTicks(conversation);
  const sum = paid.reduce((total, { amountMsat }) => total + amountMsat, 0n);
  const problems: string[] = [];
  if (BigInt(paid.length) !== ticks) problems.push(`session ${session}: ticks are missing from the captured traffic`);
  if (sum !== paidMsat) problems.push(`session ${session}: ticks come to ${sum} msat, the account to ${paidMsat}`);
  return problems;
}

const shown = (book: WalletBook): Record<string, string> =>
  Object.fromEntries(Object.entries(book).map(([name, amount]) => [`${name}Sat`, String(amount)]));

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: check REQUEST.json");
  process.exit(2);
}
const report = await check(JSON.parse(await readFile(file, "utf8")) as CheckRequest);
console.log(JSON.stringify(report));
process.exitCode = report.conserved && report.secretsLeaked === 0 ? 0 : 1;
