import { grouped } from "./amounts.ts";
import type { ChainPeer } from "./answers.ts";
import { table } from "./table.ts";
import { shown } from "./terminal.ts";

/** Of an address so much is shown: an IPv4 one whole, of an IPv6 one its beginning and its port. */
const ADDRESS_LETTERS = 21;
const PROGRAM_LETTERS_MIN = 8;
/** Letters for what a peer says to serve, as Bitcoin Core's `-netinfo` has them. */
const SERVICE_LETTERS: Readonly<Record<string, string>> = {
  NETWORK: "n",
  BLOOM: "b",
  WITNESS: "w",
  COMPACT_FILTERS: "c",
  NETWORK_LIMITED: "l",
  P2P_V2: "2",
};

/**
 * Bitcoin nodes that the base node is connected with, a line each; of programs with long names the beginning.
 * @param now      in milliseconds since 1970-01-01 UTC
 * @param columns  of the terminal: no line is longer, unless it is very narrow
 */
export function peerTable(peers: readonly ChainPeer[], now: number, columns: number): string {
  const facts = (programs: (program: string) => string): string =>
    table(peers, [
      ["ADDRESS", ({ address }) => shortAddress(address)],
      ["BY", ({ inbound }) => (inbound ? "it" : "us")],
      ["SERVES", ({ services }) => services.map((name) => SERVICE_LETTERS[name] ?? "").join("")],
      ["HEIGHT", ({ height }) => grouped(String(height)), "right"],
      ["FOR", ({ since }) => ageText(now - Date.parse(since)), "right"],
      ["PING", ({ pingMs }) => (pingMs === null ? null : durationText(pingMs)), "right"],
      ["IN", ({ bytesReceived }) => bytesText(bytesReceived), "right"],
      ["OUT", ({ bytesSent }) => bytesText(bytesSent), "right"],
      ["PROGRAM", ({ agent }) => programs(shown(agent).replace(/^\/(.*)\/$/, "$1"))],
    ]);
  const [heading = ""] = facts(() => "").split("\n");
  const left = columns - (heading.length - "PROGRAM".length);
  return facts((program) => cut(program, Math.max(PROGRAM_LETTERS_MIN, left)));
}

const cut = (text: string, letters: number): string =>
  text.length > letters ? `${text.slice(0, letters - 1)}…` : text;
function shortAddress(address: string): string {
  const port = address.slice(address.lastIndexOf(":"));
  return address.length > ADDRESS_LETTERS ? cut(address, ADDRESS_LETTERS - port.length) + port : address;
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** In the largest unit of which it is at least one. Clocks may differ. */
function ageText(ms: number): string {
  for (const [unit, letter] of [
    [DAY_MS, "d"],
    [HOUR_MS, "h"],
    [MINUTE_MS, "m"],
  ] as const)
    if (ms >= unit) return `${Math.floor(ms / unit)}${letter}`;
  return `${Math.max(0, Math.floor(ms / SECOND_MS))}s`;
}
const durationText = (ms: number): string => (ms < 10 * SECOND_MS ? `${ms}ms` : `${Math.floor(ms / SECOND_MS)}s`);

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;
/** Thousands of thousands of bytes, in at most five letters. */
function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)}${BYTE_UNITS[unit]}`;
}
