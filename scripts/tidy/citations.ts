import type { Source, Violation } from "./scan.ts";

/** The headings of each BOLT, by `BOLT 2`, in any spelling of case and backticks. */
export type Headings = Readonly<Record<string, readonly string[]>>;

const plain = (text: string): string => text.replaceAll("`", "").replaceAll(/\s+/g, " ").trim().toLowerCase();
const CITATION = /\b(BOLT|BIP) (#?)(\d+) ?§ ?/g;

/**
 * Clauses are cited as `BOLT 2 §Adding an HTLC.`: the number, the heading as it stands there, and a mark after it. Headings
 * of BIPs are not at hand and only their form is checked; those of BOLTs neither when `headings` is undefined.
 */
export function checkCitations(source: Source, headings: Headings | undefined): Violation[] {
  const found: Violation[] = [];
  for (const { line, text } of source.comments)
    for (const match of text.matchAll(CITATION)) {
      const [whole, series, sharp, number] = match as unknown as [string, string, string, string];
      const after = text.slice(match.index + whole.length);
      const detail = sharp === "" ? fault(`${series} ${number}`, after, headings) : "cite as `BOLT 2 §Heading.`";
      if (detail !== undefined) found.push({ path: source.path, line, rule: "citation", detail });
    }
  return found;
}
const MARK = /^[.,;:)]/;
/** A heading in full, and without the names of messages after its colon or its BOLT's number before it. */
function spellings(heading: string): string[] {
  const whole = plain(heading);
  return [whole, whole.replace(/:.*$/, ""), whole.replace(/^bolt #\d+: /, "")];
}

function fault(document: string, after: string, headings: Headings | undefined): string | undefined {
  if (!/^[^.,;:)]+[.,;:)]/.test(after)) return `${document}: no heading ended by a punctuation mark`;
  if (!document.startsWith("BOLT") || headings === undefined) return undefined;
  const known = headings[document];
  if (known === undefined) return `${document} is not known`;
  const said = plain(after);
  const cited = known
    .flatMap(spellings)
    .some((heading) => said.startsWith(heading) && MARK.test(said.slice(heading.length)));
  return cited ? undefined : `${document} has no heading “${/^[^.;:]*/.exec(after)?.[0]}”`;
}
