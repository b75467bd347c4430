import { err, ok } from "../../base/result.ts";
import type { NodeCommands } from "../commands.ts";
import { answeredAfter } from "../context.ts";
import type { Hosts } from "../hosts.ts";
import { refOf } from "./labels.ts";

export type LabelCommands = Pick<NodeCommands, "labels" | "setLabel" | "importLabels">;
export function labelCommands({ ctx, labels }: Hosts): LabelCommands {
  const inTurn = answeredAfter(ctx);
  return {
    labels: () => labels.list(),
    setLabel: async (given) => {
      const ref = refOf(given.type, given.ref, ctx.params);
      if (ref === undefined)
        return err({ code: "bad_request", detail: `no ${given.type} of this network`, pointer: "/ref" });
      const label = { ...given, ref };
      return inTurn((turn) => {
        const set = labels.set(turn, [label]);
        return set.ok ? ok(label) : err({ code: set.error.code, detail: set.error.detail, pointer: "/spendable" });
      });
    },
    importLabels: (text) => inTurn((turn) => labels.import(turn, text)),
  };
}
