import assert from "node:assert/strict";
import { test } from "node:test";
import { execaSync } from "execa";
import { TEMPLATE_YEAR } from "../../runtime/protocol/template-year.ts";

/** What a program says that is started in the year of templates, with the module loaded ahead of it. */
function inTemplate(program: string): unknown {
  const clock = `const Real = Date; let now = Real.UTC(${TEMPLATE_YEAR}, 5);
    globalThis.Date = class extends Real { constructor(...all) { super(...(all.length ? all : [now])); } };
    globalThis.wake = () => { now = Real.now(); };`;
  const load = `await import(${JSON.stringify(import.meta.resolve("./fresh-random.ts"))});`;
  const source = `${clock} ${load} ${program}`;
  const words = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", source];
  return JSON.parse(execaSync(process.execPath, words).stdout);
}

test("what replaces Node's own draws the same kind of values, before and after it wakes", () => {
  const program = `
    import("node:crypto").then(({ randomUUID, randomInt, webcrypto }) => {
      const draw = () => ({ math: Math.random(), uuid: randomUUID(), web: webcrypto.randomUUID(), int: randomInt(5, 7), one: randomInt(1) });
      const before = draw(); wake(); const after = Array.from({ length: 200 }, draw);
      let refused = 0;
      for (const range of [[0], [2, 2], [0.5], [0, 2 ** 48]]) try { randomInt(...range); } catch { refused++; }
      console.log(JSON.stringify({ all: [before, ...after], refused }));
    });`;
  const { all, refused } = inTemplate(program) as {
    all: { math: number; uuid: string; web: string; int: number; one: number }[];
    refused: number;
  };
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  for (const { math, uuid: own, web, int, one } of all) {
    assert.equal(math >= 0 && math < 1, true, `Math.random gave ${math}`);
    assert.match(own, uuid);
    assert.match(web, uuid);
    assert.equal([5, 6].includes(int) && one === 0, true, `randomInt gave ${int} and ${one}`);
  }
  assert.equal(new Set(all.map(({ math }) => math)).size, all.length);
  assert.equal(new Set(all.map(({ uuid }) => uuid)).size, all.length);
  assert.equal(new Set(all.map(({ int }) => int)).size, 2);
  assert.equal(refused, 4);
});

test("Math.random spreads evenly", () => {
  const program = `wake(); const all = Array.from({ length: 4000 }, Math.random);
    console.log(JSON.stringify(all.filter((value) => value < 0.5).length));`;
  const low = inTemplate(program) as number;
  assert.equal(low > 1800 && low < 2200, true, `${low} of 4000 are below a half`);
});
