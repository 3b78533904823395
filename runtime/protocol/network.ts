import * as z from "zod";

/** Ports that a host has where a rule names none. */
export const DEFAULT_PORTS = [80, 443];

/** A label of a host's name; an underscore stands in some. */
const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const HOST = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`);

/** A host as names and addresses are written, in lower case: no URL's other spellings of the same. */
export const hostName = z
  .string()
  .regex(HOST, "a host is a name or an IPv4 address in lower case, without a dot at its end");

const hostPattern = z
  .string()
  .max(255)
  .refine((pattern) => {
    const name = pattern.startsWith("*.") ? pattern.slice(2) : pattern;
    return HOST.test(name) && (name === pattern || name.includes("."));
  }, "a host is a name, or '*.' and a name with a dot in it, in lower case")
  .describe("Host name, or `*.example.com` for every host below example.com (without example.com itself).");

export const port = z.int().min(1).max(65_535);

const method = z.string().regex(/^[A-Z]{1,20}$/, "a method is written in capitals");

const networkRule = z
  .strictObject({
    host: hostPattern,
    ports: z.array(port).min(1).max(16).default(DEFAULT_PORTS).describe("Allowed ports."),
    methods: z
      .array(method)
      .min(1)
      .max(16)
      .optional()
      .describe(
        "Allowed methods. They limit the rule to plain HTTP: the methods of encrypted requests are not visible.",
      ),
  })
  .meta({ title: "network rule", description: "Destination that a task may reach." });
export type NetworkRule = z.infer<typeof networkRule>;

export const networkPolicy = z
  .strictObject({ allow: z.array(networkRule).max(200).describe("Allowed destinations; an empty list allows none.") })
  .meta({ title: "network policy", description: "Destinations that a task may reach, besides its providers." });
export type NetworkPolicy = z.infer<typeof networkPolicy>;

export const networkRequest = z
  .strictObject({
    kind: z
      .enum(["http", "connect", "provider"])
      .describe(
        "`http`: plain HTTP, which the host reads and writes again. `connect`: a tunnel, whose bytes the host does not understand. `provider`: a request to a provider.",
      ),
    time: z.number().describe("Time of the request, in milliseconds since the epoch."),
    host: z.string().max(255).describe("Requested host, as far as it could be understood."),
    port: z.int().min(0).max(65_535).describe("Requested port; 0 where it could not be understood."),
    verdict: z.enum(["allowed", "refused", "failed"]).describe("Outcome of the request."),
    rule: z.string().max(300).describe("Rule that allowed or refused the request, or reason of the failure."),
    bytesUp: z.int().nonnegative().describe("Size of the request's body, or of a tunnel's outward data, in bytes."),
    bytesDown: z.int().nonnegative().describe("Size of the answer's body, or of a tunnel's inward data, in bytes."),
    method: z.string().max(20).optional().describe("HTTP method."),
    path: z.string().max(500).optional().describe("Path, without the query."),
    status: z.int().optional().describe("HTTP status that the task was given."),
  })
  .meta({ title: "network request", description: "Request of a task to its network, described when it is over." });
export type NetworkRequest = z.infer<typeof networkRequest>;
