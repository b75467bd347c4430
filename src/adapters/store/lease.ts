import { readFileSync } from "node:fs";

/** Who holds a store: enough to tell a living holder from one that was killed. One machine, one process table. */
export interface Holder {
  readonly pid: number;
  /** Tells apart two processes that had one number. Empty where the system does not say. */
  readonly started: string;
}

/** When the process with this number began, as boot and clock tick; undefined when it is not known or there is none. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The second field, the command, may itself hold spaces and brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return `${boot}/${fields[19]}`;
  } catch {
    return undefined;
  }
}
export const thisProcess = (): Holder => ({ pid: process.pid, started: startOf(process.pid) ?? "" });

export function isAlive({ pid, started }: Holder): boolean {
  if (started !== "") return startOf(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
