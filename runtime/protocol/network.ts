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

/** `*.example.com` is everything below example.com, and not example.com itself. */
const hostPattern = z
  .string()
  .max(255)
  .refine((pattern) => {
    const name = pattern.startsWith("*.") ? pattern.slice(2) : pattern;
    return HOST.test(name) && (name === pattern || name.includes("."));
  }, "a host is a name, or '*.' and a name with a dot in it, in lower case");

export const port = z.number().int().min(1).max(65_535);

const method = z.string().regex(/^[A-Z]{1,20}$/, "a method is written in capitals");

/** Where a task may go. */
const networkRule = z.strictObject({
  host: hostPattern,
  ports: z.array(port).min(1).max(16).default(DEFAULT_PORTS),
  /** with these, it is for plain HTTP alone: nobody sees the methods of what is encrypted */
  methods: z.array(method).min(1).max(16).optional(),
});
export type NetworkRule = z.infer<typeof networkRule>;

/** All that a task may reach besides its providers; an empty list is nothing. */
export const networkPolicy = z.strictObject({ allow: z.array(networkRule).max(200) });
export type NetworkPolicy = z.infer<typeof networkPolicy>;

/** One request of a task to its network, when it is over. */
export const networkRequest = z.strictObject({
  /** http: plain, read and written anew by the host; connect: a tunnel, whose bytes the host does not understand; provider: a route to one */
  kind: z.enum(["http", "connect", "provider"]),
  /** when it came, in milliseconds since the epoch */
  time: z.number(),
  /** what was asked for, as far as it could be understood */
  host: z.string().max(255),
  port: z.number().int().min(0).max(65_535),
  verdict: z.enum(["allowed", "refused", "failed"]),
  /** what allowed or refused it, or why it failed */
  rule: z.string().max(300),
  /** bytes of bodies, or of a tunnel */
  bytesUp: z.number().int().nonnegative(),
  bytesDown: z.number().int().nonnegative(),
  method: z.string().max(20).optional(),
  /** without what stands behind a '?' */
  path: z.string().max(500).optional(),
  /** the status that the task was given */
  status: z.number().int().optional(),
});
export type NetworkRequest = z.infer<typeof networkRequest>;
