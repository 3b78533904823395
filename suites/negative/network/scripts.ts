/** A string of perl that is these characters, in a program that stands between apostrophes. */
function perlString(text: string): string {
  const escaped = text.replace(/[^\w :/.,;=&?*+()[\]{}<>|^!~-]/gs, (character) =>
    character === "\r"
      ? "\\r"
      : character === "\n"
        ? "\\n"
        : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `"${escaped}"`;
}

/** Time that a program has, in seconds. Who does not answer by then has not let it through either. */
const SECONDS = 10;
const BEGIN = `use Socket qw(:DEFAULT inet_pton); $| = 1; $SIG{ALRM} = sub { print "no more\\n"; exit }; alarm ${SECONDS};`;

/** Speaks to the proxy: what is told, and hears what is said until the connection ends. */
const SPEAK = `sub dial { socket(S, AF_INET, SOCK_STREAM, 0); connect(S, pack_sockaddr_in(3128, inet_aton("127.0.0.1"))) or die "there is no proxy: $!\\n" }
sub put { syswrite S, $_[0] } sub hear { my $n = sysread(S, my $b, 65536); print $b; $n ? $b : "" } sub drain { 1 while hear() }`;

const program = (...lines: string[]) => `perl -e '${[BEGIN, ...lines].join("\n")}'`;

/** Sends these bytes to the proxy, and hears what comes of it. */
export function tell(...pieces: string[]): string {
  return program(
    SPEAK,
    "$SIG{PIPE} = q(IGNORE); dial();",
    ...pieces.map((piece) => `put(${perlString(piece)});`),
    "drain();",
  );
}

/** The same, where each is told after the answer to the one before; the last ends the connection. */
export function converse(...pieces: string[]): string {
  const turns = pieces.map(
    (piece, at) => `put(${perlString(piece)}); ${at < pieces.length - 1 ? "hear();" : "drain();"}`,
  );
  return program(SPEAK, "$SIG{PIPE} = q(IGNORE); dial();", ...turns);
}

/** Asks for a URL, and goes wherever the answers lead, on the same connection while it lasts. */
export function follow(url: string): string {
  return program(
    SPEAK,
    `$SIG{PIPE} = q(IGNORE); $url = ${perlString(url)}; dial();
for (1 .. 6) {
  put("GET $url HTTP/1.1\\r\\nHost: " . ($url =~ m{//([^/]+)})[0] . "\\r\\n\\r\\n");
  $said = hear() or do { close S; dial(); next };
  ($url) = $said =~ /^location: (\\S+)/mi or last;
}`,
  );
}

/** A request for a URL as a proxy is asked; the last on its connection. */
export function get(url: string, ...headers: string[]): string {
  return request("GET", url, ...headers);
}

export function request(method: string, url: string, ...headers: string[]): string {
  const host = /^\w+:\/\/([^/?#]*)/.exec(url)?.[1] ?? "allowed.example";
  const lines = headers.some((header) => /^host/i.test(header)) ? headers : [`Host: ${host}`, ...headers];
  return `${[`${method} ${url} HTTP/1.1`, ...lines, "Connection: close"].join("\r\n")}\r\n\r\n`;
}

/** Opens a tunnel, and says something in it. */
export function tunnel(authority: string): string {
  return converse(
    `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
    "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
  );
}

/** Connects without asking anybody. */
export function dial(address: string, port: number): string {
  const isV6 = address.includes(":");
  const where = isV6
    ? `pack_sockaddr_in6(${port}, inet_pton(AF_INET6, "${address}"))`
    : `pack_sockaddr_in(${port}, inet_aton("${address}"))`;
  return program(
    `socket(S, ${isV6 ? "AF_INET6" : "AF_INET"}, SOCK_STREAM, 0) or die "$!"; connect(S, ${where}) or print "refused: $!\\n";`,
  );
}

/** Sends a datagram without asking anybody. */
export function send(address: string, port: number, words: string): string {
  return program(
    `socket(S, AF_INET, SOCK_DGRAM, 0) or die "$!"; send(S, ${perlString(words)}, 0, pack_sockaddr_in(${port}, inet_aton("${address}"))) or print "refused: $!\\n";`,
  );
}

/** Any program of perl, with sockets. */
export function perl(...lines: string[]): string {
  return program(...lines);
}
