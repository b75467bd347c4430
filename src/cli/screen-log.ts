import { textLog } from "../adapters/text-log.ts";
import type { Log } from "../ports/log.ts";
import { when } from "./table.ts";
import { shown } from "./terminal.ts";

/** How grave, by the numbers of the lines of JSON. */
const GRAVITY: Readonly<Record<number, string>> = { 20: "debug", 30: "info", 40: "warn", 50: "error" };
const GRAVITY_LETTERS = 5;
/** What needs no quotes to be seen as one thing. */
const ONE_WORD = /^[\w.:/@+…-]+$/;

interface Told {
  readonly level: number;
  readonly time: number;
  readonly msg: string;
}

/**
 * The log on the screen of a daemon or a signer: lines of text where people read it, lines of JSON where programs do.
 * @param write  is given whole lines
 */
export const screenLog = (isTerminal: boolean, write: (lines: string) => void): Log =>
  textLog({ write: isTerminal ? (line) => write(textOf(line)) : write });

/** A line of JSON as text, with what has several lines below it: a stack is read so, and no line of a text stands as one of ours. */
function textOf(line: string): string {
  const { level, time, msg, ...known } = JSON.parse(line) as Told;
  const facts = Object.entries(known).map(([name, value]) => [name, String(value)] as const);
  const told = `${when(new Date(time).toISOString())} ${GRAVITY[level]?.padEnd(GRAVITY_LETTERS)} ${shown(msg)}`;
  const short = facts.filter(([, value]) => !value.includes("\n")).map(([name, value]) => `${name}=${wordOf(value)}`);
  const long = facts.filter(([, value]) => value.includes("\n")).map(([name, value]) => `${name}: ${value}`);
  const first = [told, ...(short.length > 0 ? [short.join(" ")] : [])].join("  ");
  const below = long.flatMap((text) => text.split("\n")).map((part) => `  ${shown(part)}`);
  return `${[first, ...below].join("\n")}\n`;
}
const wordOf = (value: string): string => (ONE_WORD.test(value) ? value : JSON.stringify(shown(value)));
