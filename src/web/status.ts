import type { Problem } from "./answers.ts";

/** How it stands with watching, as far as it can be told in one line. */
export interface Situation {
  readonly stage: "ready" | "open" | "closing" | "closed";
  /** By the person. */
  readonly paused: boolean;
  /** Wants to play on and has nothing to play. */
  readonly stalled: boolean;
  /** At the end of the film. */
  readonly atEnd: boolean;
  /** What plays now was watched before. */
  readonly again: boolean;
  readonly nodeReached: boolean;
  readonly siteReached: boolean;
  /** Why a key is held up. */
  readonly held: Problem | undefined;
  /** Why no key is given any more. */
  readonly over: Problem | undefined;
}
export interface Status {
  readonly mood: "calm" | "paying" | "alarm";
  readonly text: string;
}
const calm = (text: string): Status => ({ mood: "calm", text });
const alarm = (text: string): Status => ({ mood: "alarm", text });

export function statusOf(now: Situation): Status {
  if (now.stage === "ready") return calm("Nothing is paid before you press play.");
  if (now.stage === "closing") return now.nodeReached ? calm("Settling the account.") : alarm(UNSETTLED);
  if (now.stage === "closed") return calm("Settled. Nothing more is paid.");
  if (now.over !== undefined) return alarm(`${endText(now.over).title}. Nothing more is paid.`);
  if (!now.nodeReached) return alarm("Your node does not answer. It goes on by itself when it does.");
  if (now.held !== undefined) return alarm(`${heldText(now.held)} It goes on by itself.`);
  if (!now.siteReached) return alarm("The site does not answer. It goes on by itself when it does.");
  if (now.atEnd) return calm("The end. What is paid for can be watched again, free.");
  if (now.paused) return calm("Paused. Nothing is paid.");
  if (now.stalled) return calm("Loading.");
  if (now.again) return calm("Watching again what is paid for. Nothing is paid.");
  return { mood: "paying", text: "Playing, and paying as it plays." };
}
const UNSETTLED = "Your node does not answer. The account is settled when it does; nothing is paid.";

const HELD: Readonly<Record<string, string>> = {
  PEER_UNREACHABLE: "The site does not answer.",
  PEER_REFUSED: "The site does not answer.",
  NO_ROUTE: "Your node finds no way to the site.",
  FEE_TOO_HIGH: "The way to the site costs too much now.",
  INSUFFICIENT_BALANCE: "Your channels hold too little.",
};
const heldText = ({ code, reason = code, detail }: Problem): string =>
  HELD[reason] ?? `The next second could not be paid: ${detail}.`;

/** Why playing has ended before the film has. */
export function endText({ code, detail }: Problem): { readonly title: string; readonly text: string } {
  switch (code) {
    case "NEED_TOPUP":
      return {
        title: "The cap is reached",
        text: "Stop settles the account; a new session asks for a new cap.",
      };
    case "SESSION_CLOSED":
      return { title: "The session was closed", text: "It was closed from another window or program." };
    case "UNAUTHORIZED":
      return { title: "This browser is logged out", text: "Open a new link to go on: the session is still there." };
    default:
      return { title: "Paying has stopped", text: detail };
  }
}
