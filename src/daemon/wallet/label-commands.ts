import { err, ok } from "../../base/result.ts";
import type { NodeCommands } from "../commands.ts";
import { answeredAfter } from "../context.ts";
import type { Hosts } from "../hosts.ts";
import { isRef } from "./labels.ts";

export type LabelCommands = Pick<NodeCommands, "labels" | "setLabel" | "importLabels">;
export function labelCommands({ ctx, labels }: Hosts): LabelCommands {
  const inTurn = answeredAfter(ctx);
  return {
    labels: () => labels.list(),
    setLabel: async (label) => {
      if (!isRef(label.type, label.ref, ctx.params))
        return err({ code: "bad_request", detail: `no ${label.type} of this network`, pointer: "/ref" });
      return inTurn((turn) => {
        const set = labels.set(turn, [label]);
        return set.ok ? ok(label) : err({ code: set.error.code, detail: set.error.detail, pointer: "/spendable" });
      });
    },
    importLabels: (text) => inTurn((turn) => labels.import(turn, text)),
  };
}
