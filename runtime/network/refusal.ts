import { STATUS_CODES } from "node:http";

/** A request of a task that is not carried out, with the words that the task is given. */
export class ProxyRefusal extends Error {
  /** `rule` is what refused it, for who looks at the requests of a task. */
  constructor(
    readonly status: number,
    message: string,
    readonly rule = message,
  ) {
    super(message);
    this.name = "ProxyRefusal";
  }

  /** It was allowed, and could not be done. */
  get hasFailed(): boolean {
    return this.status === 502 || this.status === 504;
  }

  get body(): string {
    return `piwork: ${this.message}\n`;
  }

  /** As bytes, where nobody else writes an answer. */
  get answer(): string {
    return [
      `HTTP/1.1 ${this.status} ${STATUS_CODES[this.status]}`,
      "content-type: text/plain; charset=utf-8",
      `content-length: ${Buffer.byteLength(this.body)}`,
      "connection: close",
      `\r\n${this.body}`,
    ].join("\r\n");
  }
}
