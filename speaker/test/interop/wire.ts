import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Connects to a speaker on this host that may have just begun to listen. */
export async function connected(port: number): Promise<Socket> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const socket = connect({ host: "127.0.0.1", port });
    const isUp = await new Promise((resolve) => socket.once("connect", () => resolve(true)).once("error", () => resolve(false)));
    if (isUp) return socket;
    await sleep(20);
  }
  throw new Error(`nobody listens on port ${port}`);
}

/** The messages that come on a connection. */
export interface Messages {
  /** The next, as [type, body in hexadecimal digits]; undefined when the connection ended. */
  read(): Promise<readonly [number, string] | undefined>;
}

/** Cuts what comes on a connection into messages. */
export function messagesOf(socket: Socket): Messages {
  let buffer = Buffer.alloc(0);
  let wake: () => void = () => undefined;
  let isOver = false;
  socket.on("data", (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    wake();
  });
  for (const event of ["end", "close", "error"])
    socket.on(event, () => {
      isOver = true;
      wake();
    });
  return {
    async read() {
      for (;;) {
        const length = buffer.length >= 19 ? buffer.readUInt16BE(16) : 19;
        if (buffer.length >= length) {
          const message = [buffer[18] ?? 0, buffer.subarray(19, length).toString("hex")] as const;
          buffer = buffer.subarray(length);
          return message;
        }
        if (isOver) return undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
