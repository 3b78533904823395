import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { BoundedServer } from "../control/connections.ts";
import { type ControlHandlers, serve, TOO_MANY_CALLS } from "../control/server.ts";
import { readReport } from "../evidence/runs.ts";
import { PiworkError } from "../protocol/errors.ts";
import { LIMITS } from "../protocol/limits.ts";
import type { Asset } from "./build.ts";
import { OneTimeCodes } from "./codes.ts";
import type { PanelKey } from "./key.ts";

const MINUTE_MS = 60_000;
const HOST = "127.0.0.1";

/** What the page may do: run its own script, show its own style, call its own server. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types dompurify",
].join("; ");

/** A report is a page of its own with nobody's rights: it has its scripts and pictures in itself, and reaches nothing. */
const REPORT_POLICY =
  "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'";

const COMMON = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

type Refusal = [status: number, words: string];

export interface PanelOptions {
  key: PanelKey;
  /** undefined: that of the last panel, or any */
  port: number | undefined;
  /** it may still be built when the first browser asks for it */
  page: Promise<ReadonlyMap<string, Asset>>;
  logs: string;
  handlers: ControlHandlers;
}

/** The panel's page, and the control API for it, on the loopback of this host alone. */
export class PanelServer implements AsyncDisposable {
  readonly #server: BoundedServer;
  readonly #options: PanelOptions;
  readonly #origin: string;
  readonly #codes = new OneTimeCodes();
  #wrong = { since: 0, count: 0 };

  private constructor(server: BoundedServer, options: PanelOptions) {
    const { port } = server.http.address() as AddressInfo;
    this.#server = server;
    this.#options = options;
    this.#origin = `http://${HOST}:${port}`;
    options.key.keep(port);
    server.http.on("request", (request, response) => void this.#answer(request, response));
  }

  static async listen(options: PanelOptions): Promise<PanelServer> {
    return new PanelServer(await listen(options), options);
  }

  /** An address that opens the page once. The page keeps what follows the '#'; a browser sends it nowhere, but writes it down. */
  address(): string {
    return `${this.#origin}/#${this.#codes.make(LIMITS.panelCodeMs)}`;
  }

  sign(path: string): string {
    return this.#options.key.sign(path);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return refuse(response, ...refusal);
    for (const [name, value] of Object.entries(COMMON)) response.setHeader(name, value);
    if (isReading(request)) return this.#show(request, response);
    if (isExchange(request)) return void response.end(JSON.stringify({ token: this.#options.key.token }));
    if (!this.#server.admit(request.socket)) return refuse(response, 503, TOO_MANY_CALLS.message);
    response.setHeader("piwork-reload", this.#codes.make(LIMITS.panelReloadMs));
    await serve(request, response, this.#options.handlers);
  }

  /** Why a request is not answered. A page of another site can reach this port, by its number or by a name that leads here. */
  #refusal(request: IncomingMessage): Refusal | undefined {
    const { headers, method, url } = request;
    if (headers.host !== this.#origin.slice("http://".length))
      return [421, `This is ${this.#origin}, and answers to no other name.`];
    if (headers.origin !== undefined && headers.origin !== this.#origin)
      return [403, "Pages of other origins are not answered."];
    if (isReading({ method })) return undefined;
    if (headers.origin === undefined) return [403, "A call says which page it comes from."];
    if (isExchange(request)) return this.#codeRefusal(headers.authorization);
    if (!this.#options.key.opens(headers.authorization))
      return [401, "The token is missing or wrong; 'npx piwork panel' prints an address that opens the panel."];
    return url?.startsWith("/v1/") === true ? undefined : [404, "There is nothing here."];
  }

  /** A right code opens whatever number of wrong ones came before: who guesses keeps nobody out. */
  #codeRefusal(authorization = ""): Refusal | undefined {
    if (this.#codes.use(authorization.replace(/^Code /, ""))) return undefined;
    if (performance.now() - this.#wrong.since > MINUTE_MS) this.#wrong = { since: performance.now(), count: 0 };
    return ++this.#wrong.count > LIMITS.panelWrongCodes
      ? [429, "Too many wrong codes were tried."]
      : [401, "This address was used, or is too old; 'npx piwork panel' prints a new one."];
  }

  async #show({ url = "", method }: IncomingMessage, response: ServerResponse): Promise<void> {
    const asset = (await this.#options.page).get(url);
    if (asset !== undefined) return send(response, method, asset.type, PAGE_POLICY, asset.content);
    const report = this.#report(url);
    if (report !== undefined) return send(response, method, "text/html; charset=utf-8", REPORT_POLICY, report);
    refuse(response, 404, "There is nothing here.");
  }

  #report(url: string): Buffer | undefined {
    const [, path = "", run = "", signature = ""] =
      /^(\/runs\/([A-Za-z0-9-]+)\/report\.html)\?key=([0-9a-f]{64})$/.exec(url) ?? [];
    return run !== "" && this.#options.key.hasSigned(path, signature) ? readReport(this.#options.logs, run) : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.http.close(resolve));
    // Streams have no end of their own.
    this.#server.http.closeAllConnections();
    await closed;
  }
}

async function listen({ key, port }: PanelOptions): Promise<BoundedServer> {
  const wanted = port ?? key.lastPort;
  if (wanted !== undefined) {
    try {
      return await listenOn(wanted);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      // One that was named is meant; the last one may be somebody else's by now.
      if (port !== undefined)
        throw new PiworkError("INVALID_REQUEST", `The panel cannot have the port ${port} (${code}); name another.`, {
          cause,
        });
      if (code !== "EADDRINUSE" && code !== "EACCES") throw cause;
    }
  }
  return listenOn(0);
}

function listenOn(port: number): Promise<BoundedServer> {
  const server = new BoundedServer();
  return new Promise((resolve, reject) => server.http.once("error", reject).listen(port, HOST, () => resolve(server)));
}

/** A page gives the code of its address, and gets the token. */
function isExchange({ method, url }: IncomingMessage): boolean {
  return method === "POST" && url === "/token";
}

function isReading({ method }: { method?: string | undefined }): boolean {
  return method === "GET" || method === "HEAD";
}

function send(response: ServerResponse, method: string | undefined, type: string, policy: string, content: Buffer) {
  response
    .writeHead(200, { "content-type": type, "content-security-policy": policy, "content-length": content.length })
    .end(method === "HEAD" ? undefined : content);
}

function refuse(response: ServerResponse, status: number, words: string): void {
  response
    .writeHead(status, { ...COMMON, "content-type": "text/plain; charset=utf-8", connection: "close" })
    .end(`${words}\n`);
}
