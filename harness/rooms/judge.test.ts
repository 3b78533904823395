import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "./judge.ts";
import type { Layout } from "./layout.ts";
import type { Reference } from "./references.ts";

const LAYOUT: Layout = {
  rooms: [
    "runtime/protocol/",
    "runtime/state/",
    "runtime/cli/",
    "guest/taskd/",
    "guest/image/",
    "suites/bench/",
    "suites/*.ts",
  ],
  imports: [
    { prefix: "runtime/", allowed: [] },
    { prefix: "guest/", allowed: ["runtime/protocol/"] },
    { prefix: "guest/image/", allowed: ["runtime/protocol/", "runtime/state/"] },
    { prefix: "suites/", allowed: ["runtime/", "guest/image/"] },
  ],
  paths: [{ prefix: "runtime/cli/image.ts", to: "guest/image/main.ts" }],
};

const FINE: [from: string, by: Reference["by"], to: string][] = [
  ["runtime/cli/main.ts", "import", "runtime/cli/commands/up.ts"],
  ["runtime/cli/main.ts", "import", "runtime/protocol/rpc.ts"],
  ["guest/taskd/main.ts", "import", "runtime/protocol/rpc.ts"],
  ["guest/image/main.ts", "import", "runtime/state/image.ts"],
  ["suites/bench.ts", "import", "suites/bench/boot.ts"],
  ["suites/bench.ts", "import", "runtime/cli/main.ts"],
  ["runtime/cli/main.ts", "path", "runtime/cli/piwork.mjs"],
  ["runtime/cli/image.ts", "path", "guest/image/main.ts"],
  ["runtime/cli/main.test.ts", "path", "guest/image/main.ts"],
];

const WRONG: [...(typeof FINE)[number], words: RegExp][] = [
  ["runtime/state/places.ts", "import", "runtime/cli/main.ts", /runtime\/cli\/ stands below runtime\/state\//],
  ["runtime/state/places.test.ts", "import", "runtime/cli/main.ts", /stands below/],
  ["suites/bench/boot.ts", "import", "suites/bench.ts", /suites\/\*\.ts stands below suites\/bench\//],
  ["runtime/cli/main.ts", "import", "guest/image/main.ts", /from elsewhere, runtime\/ imports nothing/],
  ["guest/taskd/main.ts", "import", "runtime/state/image.ts", /guest\/ imports runtime\/protocol\/$/],
  [
    "guest/image/main.ts",
    "import",
    "guest/taskd/main.ts",
    /guest\/image\/ imports runtime\/protocol\/ and runtime\/state\/$/,
  ],
  ["runtime/cli/main.ts", "path", "guest/image/main.ts", /leads to guest\/image\/main\.ts by a path/],
  ["suites/bench/boot.ts", "path", "runtime/state", /leads to runtime\/state by a path/],
];

for (const [from, by, to] of FINE)
  test(`${from} may refer to ${to} by ${by}`, () => {
    assert.deepEqual(judge(LAYOUT, [from, to], [{ from, by, to }]), []);
  });

for (const [from, by, to, words] of WRONG)
  test(`${from} may not refer to ${to} by ${by}`, () => {
    const wrong = judge(LAYOUT, [from], [{ from, by, to }]);
    assert.equal(wrong.length, 1);
    assert.match(wrong[0] ?? "", words);
  });

test("files that import each other in a ring are named", () => {
  const files = ["a", "b", "c"].map((name) => `runtime/cli/${name}.ts`);
  const ring = files.map((from, at): Reference => ({ from, by: "import", to: files[(at + 1) % 3] ?? "" }));
  assert.deepEqual(judge(LAYOUT, files, ring), [
    "runtime/cli/a.ts -> runtime/cli/b.ts -> runtime/cli/c.ts -> runtime/cli/a.ts is a ring of imports",
  ]);
});

test("a file in no room is named", () => {
  assert.deepEqual(judge(LAYOUT, ["runtime/new/x.ts"], []), ["runtime/new/x.ts is in no room of docs/layout.md"]);
});
