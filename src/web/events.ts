import { io } from "socket.io-client";

export interface EventsHeard {
  readonly onConnection: (connected: boolean) => void;
  readonly onEvent: (type: string, data: Readonly<Record<string, unknown>>) => void;
}
interface Heard {
  readonly type: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Follows what happens in the daemon, over socket.io: the cookie opens it. It connects again by itself. */
export function followEvents(types: readonly string[], { onConnection, onEvent }: EventsHeard): void {
  const socket = io("/events", { transports: ["websocket"] });
  socket.on("connect", () => {
    socket.emit("subscribe", { types }, () => onConnection(true));
  });
  socket.on("disconnect", () => onConnection(false));
  socket.on("connect_error", () => onConnection(false));
  socket.on("event", ({ type, data = {} }: Heard) => onEvent(type, data));
}
