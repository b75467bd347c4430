export interface StopSignal {
  readonly asked: Promise<void>;
  readonly ask: () => void;
  /** Leaves signals to the system again. */
  readonly forget: () => void;
}
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** Resolves on the first signal or request to stop. A second signal ends the process at once, as the system does it. */
export function stopSignal(): StopSignal {
  let ask = (): void => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  for (const signal of SIGNALS) process.once(signal, ask);
  const forget = (): void => {
    for (const signal of SIGNALS) process.off(signal, ask);
  };
  return { asked, ask, forget };
}
