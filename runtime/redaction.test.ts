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
    [`http://127.0.0.1:41327/#${SECRET}`, "http://127.0.0.1:41327/#[redacted]"],
  ] as const)
    assert.equal(redactText(text), redacted);
});

test("a key that was cut off is none that could be used, and still goes", () => {
  assert.equal(redactText(key.slice(0, 60)), "[redacted]");
});

test("ordinary words stay as they are", () => {
  for (const text of ["task-1 has risk-free words", "the key: value", "Bearer of news", "KEY=1", "127.0.0.1:80/#top"])
    assert.equal(redactText(text), text);
});

test("a value that is known goes wherever it stands, at any depth", () => {
  conceal(SECRET);
  assert.deepEqual(redactTexts({ [SECRET]: [`x${SECRET}y`, 7, null] }), { "[redacted]": ["x[redacted]y", 7, null] });
});
