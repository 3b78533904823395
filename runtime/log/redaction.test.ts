import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { conceal, redactText, redactTexts } from "./redaction.ts";

const SECRET = "a1b2c3d4e5f6a7b8c9d0";
const key = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();

test("what looks like a secret is taken out, and what stands around it stays", () => {
  for (const [text, redacted] of [
    [`before ${key}after`, "before [redacted]\nafter"],
    [`it is sk-ant-${SECRET}, he said`, "it is [redacted], he said"],
    [`Authorization: Bearer ${SECRET}`, "Authorization: Bearer [redacted]"],
    [`PIWORK_PROVIDER_KEY=${SECRET} node`, "PIWORK_PROVIDER_KEY=[redacted] node"],
    [`{"OPENAI_API_KEY":"${SECRET}","more":1}`, '{"OPENAI_API_KEY":"[redacted]","more":1}'],
    [`{\\"OPENAI_API_KEY\\":\\"${SECRET}\\"}`, '{\\"OPENAI_API_KEY\\":\\"[redacted]\\"}'],
    [`{"text":"one\\nsk-ant-${SECRET}"}`, '{"text":"one\\n[redacted]"}'],
    [`{"text":"one\\nOPENAI_API_KEY=${SECRET}\\n"}`, '{"text":"one\\nOPENAI_API_KEY=[redacted]\\n"}'],
    [`{"text":"one\\nBearer ${SECRET}"}`, '{"text":"one\\nBearer [redacted]"}'],
    [`?key%3Dsk-ant-${SECRET}`, "?key%3D[redacted]"],
    [`\x1b[31mOPENAI_API_KEY=${SECRET}\x1b[0m`, "\x1b[31mOPENAI_API_KEY=[redacted]"],
    [`\x1b[31msk-ant-${SECRET}\x1b[0m`, "\x1b[31m[redacted]\x1b[0m"],
    [`DB_PASSWORD="one, ${SECRET}; two" rest`, 'DB_PASSWORD="[redacted]" rest'],
    [`{ API_KEY: '${SECRET}', more: 1 }`, "{ API_KEY: '[redacted]', more: 1 }"],
    [`{"A_KEY":"a\\"b ${SECRET}","more":1}`, '{"A_KEY":"[redacted]","more":1}'],
    [`A_KEY="${SECRET}`, 'A_KEY="[redacted]'],
    [`MY_CREDENTIALS=${SECRET}`, "MY_CREDENTIALS=[redacted]"],
    [JSON.stringify(JSON.stringify(`${key}after`)), String.raw`"\"[redacted]\\nafter\""`],
    [`http://127.0.0.1:41327/#${SECRET}`, "http://127.0.0.1:41327/#[redacted]"],
  ] as const)
    assert.equal(redactText(text), redacted);
});

test("a key that was cut off is none that could be used, and still goes", () => {
  assert.equal(redactText(key.slice(0, 60)), "[redacted]");
});

test("JSON that was redacted is JSON", () => {
  const empty = { A_KEY: null, A_TOKEN: { one: 1 }, A_SECRET: 5, A_PASSWORD: [1], B_KEY: "", more: "a, b" };
  for (const space of [0, 1]) {
    const text = JSON.stringify(empty, null, space);
    assert.equal(redactText(text), text);
  }
});

test("what only begins like a key, and is long, is no trouble", () => {
  for (const more of ["A", "\\n", "\\\\n", "A\n", 'A_KEY="', "A_", " "])
    assert.equal(redactText(`-----BEGIN PRIVATE KEY-----${more.repeat(2 ** 17)}`).startsWith("[redacted]"), true, more);
  assert.equal(redactText(`-----BEGIN PRIVATE KEY-----${"A".repeat(30_000_000)}`), "[redacted]");
});

test("ordinary words stay as they are", () => {
  for (const text of [
    "task-1 has risk-free words",
    "the key: value",
    "Bearer of news",
    "KEY=1",
    "a risk-free-and-long-name-x",
    "127.0.0.1:80/#top",
  ])
    assert.equal(redactText(text), text);
});

test("a value that is known goes wherever it stands, at any depth", () => {
  conceal(SECRET);
  assert.deepEqual(redactTexts({ [SECRET]: [`x${SECRET}y`, 7, null] }), { "[redacted]": ["x[redacted]y", 7, null] });
});

test("a value that is known goes from JSON, and from bytes that are read one by one", () => {
  const secret = 'pässwörd "of" 1 \\ mine';
  conceal(secret);
  assert.equal(redactText(JSON.stringify({ secret })), '{"secret":"[redacted]"}');
  assert.equal(redactText(Buffer.from(`x${secret}y`).toString("latin1")), "x[redacted]y");
});

test("nothing is no secret", () => {
  conceal("");
  assert.equal(redactText("any"), "any");
});
