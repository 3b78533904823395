import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { allowing, parseHost } from "../api/network-rules.ts";
import { PiworkError } from "../protocol/errors.ts";
import { Policies } from "./policies.ts";
import { denying, NOTHING, parseAllowed } from "./policy.ts";

test("a host is written as a name, with a port where it has one", () => {
  assert.deepEqual(parseHost("Example.COM"), { host: "example.com", ports: [80, 443] });
  assert.deepEqual(parseHost("*.example.com:8080"), { host: "*.example.com", ports: [8080] });
  assert.deepEqual(parseHost("93.184.216.34:443"), { host: "93.184.216.34", ports: [443] });
  assert.deepEqual(parseAllowed("93.184.216.34:443"), { host: "93.184.216.34", ports: [443] });
  assert.throws(() => parseAllowed("10.0.0.1"), /No task gets to 10\.0\.0\.1 \(private\)/);
});

const NONE = [
  "",
  "*",
  "*.com",
  "*.*.com",
  "a.*.com",
  "https://example.com",
  "example.com/x",
  "example.com:",
  "example.com:0",
];
const ODD = [
  "example.com:65536",
  "me@example.com",
  "example.com.",
  "exa mple.com",
  "-a.com",
  "[::1]",
  "::1",
  "ex\u00e4mple.com",
];
for (const written of [...NONE, ...ODD])
  test(`'${written}' is no host`, () => assert.throws(() => parseHost(written), PiworkError));

test("rules of a host come together, and what is denied goes again", () => {
  const both = ["example.com", "example.com:8080", "other.example"].map(parseHost).reduce(allowing, NOTHING);
  assert.deepEqual(both.allow, [
    { host: "example.com", ports: [80, 443, 8080] },
    { host: "other.example", ports: [80, 443] },
  ]);
  assert.deepEqual(denying(both, "example.com:443").allow[0], { host: "example.com", ports: [80, 8080] });
  assert.deepEqual(denying(both, "example.com").allow, [{ host: "other.example", ports: [80, 443] }]);
});

test("a task's policy is kept in a private file of its own, and goes with it", () => {
  const directory = mkdtempSync(join(tmpdir(), "piwork-test-"));
  try {
    const place = join(directory, "network");
    new Policies(place).write("a-task", allowing(NOTHING, parseHost("example.com")));
    assert.equal(statSync(join(place, "a-task.json")).mode & 0o777, 0o600);
    const policies = new Policies(place);
    assert.deepEqual(
      policies.of("a-task").allow.map(({ host }) => host),
      ["example.com"],
    );
    assert.deepEqual(policies.of("b-task"), NOTHING);
    policies.forget("a-task");
    assert.deepEqual(new Policies(place).of("a-task"), NOTHING);
    writeFileSync(join(place, "c-task.json"), '{"version":1,"task":"a-task","policy":{"allow":[]}}');
    assert.throws(() => policies.of("c-task"), /cannot be read/);
    assert.throws(() => policies.of("../c-task"));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
