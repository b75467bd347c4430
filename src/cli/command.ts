import type { SluiceClient } from "./client.ts";
import type { Terminal } from "./terminal.ts";

/** A command as data: the program, its help and its aliases are made from a list of them. */
export interface Command {
  /** As typed, with arguments as commander writes them: `channel open <peer> <amount>`. */
  readonly words: string;
  readonly about: string;
  /** Names that users of other nodes type, with the same arguments; not shown in help. */
  readonly alias?: string;
  /** Flags as commander writes them, and what they do. */
  readonly options?: Readonly<Record<string, string>>;
  run(
    session: Session,
    given: Readonly<Record<string, string | readonly string[] | boolean | undefined>>,
  ): Promise<void>;
}

/** One run of a command: what it may ask and where it writes. */
export interface Session {
  /** The daemon; found and authorised only when first asked for. */
  readonly client: () => Promise<SluiceClient>;
  readonly terminal: Terminal;
  readonly asJson: boolean;
  /** Nothing may be changed: no request that does so leaves, and no file is written. */
  readonly dryRun: boolean;
  readonly datadir: string | undefined;
  /** The answer: as JSON for programs, in these words for people. `width` is that of their terminal, in letters. */
  show(value: unknown, people: (width: number) => string): void;
}

/** The names and types of `<needed>`, `<several...>` and `[optional]` arguments. */
type Arguments<W extends string> = W extends `${infer Word} ${infer Rest}`
  ? Argument<Word> & Arguments<Rest>
  : Argument<W>;
type Argument<W extends string> = W extends `<${infer Name}...>`
  ? { readonly [N in Name]: readonly string[] }
  : W extends `<${infer Name}>`
    ? { readonly [N in Name]: string }
    : W extends `[${infer Name}]`
      ? { readonly [N in Name]?: string }
      : unknown;
/** `--max-fee <amount>` as `maxFee?: string`, `-f, --follow` as `follow?: boolean`. */
type Options<F extends string> = { readonly [Flag in F as NameOf<Flag>]?: ValueOf<Flag> };
type NameOf<F extends string> = F extends `${string}, ${infer Long}`
  ? NameOf<Long>
  : F extends `--no-${infer Name}`
    ? Camel<FirstWord<Name>>
    : F extends `--${infer Name}`
      ? Camel<FirstWord<Name>>
      : never;
type FirstWord<F extends string> = F extends `${infer Word} ${string}` ? Word : F;
type Camel<N extends string> = N extends `${infer First}-${infer Rest}` ? `${First}${Capitalize<Camel<Rest>>}` : N;
type ValueOf<F extends string> = F extends `${string}<${string}>` ? string : boolean;

interface Spec<W extends string, F extends string> {
  readonly words: W;
  readonly about: string;
  readonly alias?: string;
  readonly options?: Readonly<Record<F, string>>;
  run(session: Session, given: Arguments<W> & Options<F>): Promise<void>;
}
/** Declares a command; its arguments and options have the types that their names say. */
export const command = <W extends string, F extends string = never>(spec: Spec<W, F>): Command => spec as Command;

/** Fields that were given, and none for those that were not. */
export const given = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
/** The value that `read` makes of an option that was given. */
export const optional = <T>(text: string | undefined, read: (text: string) => T): T | undefined =>
  text === undefined ? undefined : read(text);
