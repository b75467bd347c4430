/** What the page looks at, beside the newest blocks. */
export type Place = { readonly kind: "block"; readonly id: string } | { readonly kind: "tx"; readonly id: string };

/** The part of the address after `#`. */
export function placeOf(fragment: string): Place | undefined {
  const [, kind, id] = /^#(block|tx)\/([0-9a-f]{64}|\d{1,9})$/.exec(fragment) ?? [];
  if (id === undefined) return undefined;
  if (kind === "tx") return id.length === 64 ? { kind, id } : undefined;
  return { kind: "block", id };
}
export const fragmentOf = ({ kind, id }: Place): string => `#${kind}/${id}`;

/** What somebody who types this may mean, the likeliest first. */
export function placesFor(query: string): readonly Place[] {
  const text = query.trim().toLowerCase().replaceAll(",", "");
  if (/^\d{1,9}$/.test(text)) return [{ kind: "block", id: String(Number(text)) }];
  const [, id] = /^([0-9a-f]{64})(?::\d+)?$/.exec(text) ?? [];
  if (id === undefined) return [];
  const [tx, block]: readonly Place[] = [
    { kind: "tx", id },
    { kind: "block", id },
  ];
  // Work leaves zeros at the beginning of a block's hash, on most networks.
  return (id.startsWith("00") ? [block, tx] : [tx, block]) as readonly Place[];
}
