import { resolveImport } from "./floors.ts";
import type { Source, Violation } from "./scan.ts";

/**
 * Files that need each other before either has run: which of them runs first is then left to whoever names one first. Types
 * may name each other, as nothing of them runs.
 *
 * @returns one violation a circle, at the import that closes it, with the way around
 */
export function checkCircles(sources: readonly Source[]): Violation[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const ended = new Set<string>();
  const way: string[] = [];
  const found: Violation[] = [];
  const visit = (source: Source): void => {
    way.push(source.path);
    for (const { line, specifier } of source.imports.filter(({ runs }) => runs)) {
      const target = resolveImport(source.path, specifier);
      const next = specifier.startsWith(".") ? byPath.get(target) : undefined;
      if (next === undefined || ended.has(target)) continue;
      const begin = way.indexOf(target);
      if (begin < 0) visit(next);
      else {
        const detail = [...way.slice(begin), target].join(" needs ");
        found.push({ path: source.path, line, rule: "circle", detail });
      }
    }
    way.pop();
    ended.add(source.path);
  };
  for (const source of sources) if (!ended.has(source.path)) visit(source);
  return found;
}
