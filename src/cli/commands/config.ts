import { kebab } from "../../daemon/setting-names.ts";
import { command } from "../command.ts";
import { usage } from "../exit.ts";
import { table } from "../table.ts";

export const configCommands = [
  command({
    words: "config show",
    about: "every setting with which a daemon would start",
    options: { "--origin": "and whether flag, environment, file or default gave it" },
    async run({ datadir, terminal, show }, { origin }) {
      const { loadConfig } = await import("../../daemon/config.ts");
      const loaded = loadConfig(datadir === undefined ? [] : ["--datadir", datadir], terminal.env);
      if (!loaded.ok) throw usage(loaded.error.map(({ detail }) => detail).join(" "));
      const { config, origins } = loaded.value;
      const rows = Object.entries(config).map(([setting, value]: [string, unknown]) => ({
        setting,
        value,
        ...(origin === true && { origin: origins[setting as keyof typeof origins] }),
      }));
      show(rows, (width) =>
        table(
          rows,
          [
            ["SETTING", (row) => kebab(row.setting)],
            ["VALUE", ({ value }) => (Array.isArray(value) ? value.join(", ") : String(value)) || null],
            ...(origin === true ? [["ORIGIN", (row: (typeof rows)[number]) => row.origin ?? null] as const] : []),
          ],
          width,
        ),
      );
    },
  }),
];
