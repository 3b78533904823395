import { network } from "../../../harness/attacks/attack.ts";
import { READERS, told } from "./reached.ts";
import { get, tell } from "./scripts.ts";

/** What is not allowed, and must not arrive as a request, however it is wrapped. */
const HIDDEN = "DELETE /hidden HTTP/1.1\r\nHost: allowed.example\r\nConnection: close\r\n\r\n";
const URL = "http://allowed.example/";
const post = (headers: string[], body: string, line = `POST ${URL} HTTP/1.1`) =>
  `${[line, "Host: allowed.example", ...headers].join("\r\n")}\r\n\r\n${body}`;
const hex = (text: string) => text.length.toString(16);

type Row = [name: string, tries: string, bytes: string, more?: { essential?: true; mark?: string | RegExp }];

// biome-ignore format: a table
const ROWS: readonly Row[] = [
  ["cl-te", "gives a length and chunks, of which the length is longer", post([`Content-Length: ${5 + HIDDEN.length}`, "Transfer-Encoding: chunked"], `0\r\n\r\n${HIDDEN}`), { essential: true }],
  ["te-cl", "gives chunks and a length, of which the length is shorter", post(["Transfer-Encoding: chunked", "Content-Length: 4"], `${hex(HIDDEN)}\r\n${HIDDEN}\r\n0\r\n\r\n`), { essential: true }],
  ["two-lengths", "gives two lengths", post(["Content-Length: 0", `Content-Length: ${HIDDEN.length}`], HIDDEN)],
  ["length-list", "gives two lengths in one line", post([`Content-Length: 0, ${HIDDEN.length}`], HIDDEN)],
  ["length-sign", "gives a length with a sign", post([`Content-Length: +${HIDDEN.length}`], HIDDEN)],
  ["length-space", "puts a space before the colon of a length", post([`Content-Length : ${HIDDEN.length}`], HIDDEN)],
  ["te-twice", "says twice how it is transferred", post(["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], `0\r\n\r\n${HIDDEN}`)],
  ["te-unknown", "says that it is transferred in a way that nobody knows", post(["Transfer-Encoding: xchunked", "Content-Length: 5"], `0\r\n\r\n${HIDDEN}`)],
  ["te-space", "puts a space before the colon of the transfer", post(["Transfer-Encoding : chunked", "Content-Length: 5"], `0\r\n\r\n${HIDDEN}`)],
  ["te-last", "names another coding after the chunks", post(["Transfer-Encoding: chunked, identity"], `0\r\n\r\n${HIDDEN}`)],
  ["folded", "folds a header", post(["X-One: a", " Transfer-Encoding: chunked", `Content-Length: ${5 + HIDDEN.length}`, "\tTransfer-Encoding: chunked"], `0\r\n\r\n${HIDDEN}`), { essential: true }],
  ["bare-lf", "ends lines with a line feed alone", post([`X-One: a\nContent-Length: ${HIDDEN.length}\nX-Two: b`], HIDDEN)],
  ["bare-lf-end", "ends its headers with line feeds alone", `GET ${URL} HTTP/1.1\nHost: allowed.example\n\n${HIDDEN}`],
  ["bare-cr", "ends a header with a carriage return alone", post([`X-One: a\rContent-Length: ${HIDDEN.length}`], HIDDEN)],
  ["chunk-extension", "hides a request in the extension of a chunk", post(["Transfer-Encoding: chunked"], `5;x=\n${HIDDEN}\r\nhello\r\n0\r\n\r\n`), { essential: true }],
  ["chunk-size", "gives a chunk a size that overflows", post(["Transfer-Encoding: chunked"], `10000000000000000\r\n${HIDDEN}`)],
  ["chunk-size-sign", "gives a chunk a size with a sign", post(["Transfer-Encoding: chunked"], `-0\r\n\r\n${HIDDEN}`)],
  ["chunk-end", "ends a chunk with something else than a line", post(["Transfer-Encoding: chunked"], `1\r\nAxx0\r\n\r\n${HIDDEN}`)],
  ["trailer", "says how long it is after its end", post(["Transfer-Encoding: chunked", "Trailer: Content-Length"], `0\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`)],
  ["pipelined", "puts a second request behind the first", `GET ${URL} HTTP/1.1\r\nHost: allowed.example\r\n\r\n${HIDDEN}`],
  ["pipelined-other", "puts a second request to another host behind the first", `GET ${URL} HTTP/1.1\r\nHost: allowed.example\r\n\r\n${get("http://other.example/hidden")}`, { mark: /GET \S*\/hidden/ }],
  ["after-close", "puts a request behind the last one", get(URL) + HIDDEN],
  ["expect", "waits for leave to go on, and asks something else", post(["Expect: 100-continue", "Content-Length: 0"], HIDDEN)],
  ["upgrade", "says that it goes on in another protocol", `GET ${URL} HTTP/1.1\r\nHost: allowed.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${HIDDEN}`],
  ["upgrade-h2c", "says that it goes on in HTTP/2", `GET ${URL} HTTP/1.1\r\nHost: allowed.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n${HIDDEN}`],
  ["path-line", "puts a line into a path", get(`${URL}%0d%0aX-Hidden:%20yes%0d%0ax`), { mark: /\r?\nX-Hidden:/ }],
  ["path-request", "puts a request into a path", get(`${URL}%20HTTP/1.1%0d%0a%0d%0aDELETE%20/hidden%20HTTP/1.1%0d%0ax`), { essential: true, mark: /\r?\nDELETE \/hidden/ }],
  ["no-version", "leaves out the version, and puts a second request behind", `GET ${URL}\r\nHost: allowed.example\r\n\r\n${HIDDEN}`],
  ["header-nul", "puts a NUL into a header", get(URL, "X-Hidden: a\0b"), { mark: "X-Hidden" }],
  ["header-name", "puts a space into the name of a header", get(URL, "X-Hidden Name: a"), { mark: "X-Hidden" }],
  ["header-none", "has a header without a colon", get(URL, "X-Hidden: a\r\nX-Other"), { mark: "X-Other" }],
  ["two-hosts", "names two hosts", get(URL, "Host: allowed.example", "Host: hidden.example"), { mark: "hidden.example" }],
  ["no-host", "names a host with a path in it", get(URL, "Host: allowed.example/hidden"), { mark: "/hidden" }],
  ["hop-by-hop", "has its connection eat the name of the host", get(URL, "Host: allowed.example", "X-Hidden: yes", "Connection: host, x-hidden"), { mark: "X-Hidden" }],
  ["proxy-words", "says to whom is behind the proxy what is for the proxy", get(URL, "Proxy-Authorization: Basic aGlkZGVu", "Proxy-Connection: keep-alive", "X-Hidden: yes"), { mark: "Basic aGlkZGVu" }],
  ["version", "claims another version of HTTP", `GET ${URL} HTTP/1.1\r\nHost: allowed.example\r\n\r\nDELETE /hidden HTTP/0.9\r\nConnection: close\r\n\r\n`],
];

/** One request to the proxy that is two to the server behind it. */
export const networkSmuggling = network(
  "network-smuggling",
  { reached: told("DELETE /hidden"), allow: READERS },
  ROWS.map(([name, tries, bytes, { mark = "DELETE /hidden", ...more } = {}]) => [
    name,
    tries,
    tell(bytes),
    { reached: told(mark), ...more },
  ]),
);
