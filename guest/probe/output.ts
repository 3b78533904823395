/** Writes one line; what is said without a pause leaves together. False when stdout holds more than it likes to: wait for its `drain` before saying much more. */
export function say(message: object): boolean {
  if (process.stdout.writableCorked === 0) {
    process.stdout.cork();
    process.nextTick(() => process.stdout.uncork());
  }
  return process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Resolves when everything said so far has left this process. */
export function flushed(): Promise<void> {
  return new Promise((resolve) => process.stdout.write("", () => resolve()));
}

const text = (said: string) => [{ type: "text", text: said }];

export function startMessage(): void {
  say({ type: "message_start", message: { role: "assistant", content: [] } });
}

/** One piece of the assistant's text. `soFar` is what the message holds with it; without it, the line says only the piece. */
export function textDelta(delta: string, soFar?: string): object {
  return {
    type: "message_update",
    message: { role: "assistant", content: soFar === undefined ? [] : text(soFar) },
    assistantMessageEvent: { type: "text_delta", contentIndex: 0, delta },
  };
}

export function endMessage(said: string, stopReason: "stop" | "aborted" = "stop"): void {
  say({ type: "message_end", message: { role: "assistant", content: text(said), stopReason } });
}

/** A whole message of the assistant in one piece. */
export function speak(said: string): string {
  startMessage();
  say(textDelta(said, said));
  endMessage(said);
  return said;
}
