import { request } from "node:http";
import { text } from "node:stream/consumers";
import * as z from "zod";
import { conceal } from "../log/redaction.ts";

const answered = z.object({ token: z.string() });

/** Uses up an address of the panel, as its page does, and gives the token that calls need, which goes no further. */
export async function enterPanel(address: string, signal?: AbortSignal): Promise<string> {
  const { origin, hash } = new URL(address);
  const { token } = answered.parse(JSON.parse(await post(`${origin}/token`, `Code ${hash.slice(1)}`, signal)));
  conceal(token);
  return token;
}

/** Posts to the panel's server as its page does. */
export async function post(url: string, authorization: string, signal?: AbortSignal): Promise<string> {
  const headers = { origin: new URL(url).origin, authorization, "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: "POST", headers, signal, agent: false }, (response) => {
      if (response.statusCode === 200) return text(response).then(resolve, reject);
      response.resume();
      reject(new Error(`the panel's server refused with ${response.statusCode}`));
    });
    outgoing.on("error", reject).end("{}");
  });
}
