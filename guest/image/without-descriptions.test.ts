import assert from "node:assert/strict";
import { test } from "node:test";
import { stripDescriptions } from "./without-descriptions.ts";

test("descriptions of schemas are left out of the guest's programs", () => {
  const source = `
export const id = z
  .string()
  .describe("Id (of a \\"task\\")." )
  .meta({ title: "id", values: { a: "one (1)", b: 'it\\'s' } });
export const commands = {
  prompt: {
    does: "Sends a prompt (or nothing).",
    payload: z.strictObject({ id: id.nullable().describe(\`at most \${LIMITS.id}\`), when: z.enum(["now"]) }),
  },
};
`;
  assert.equal(
    stripDescriptions(source),
    `
export const id = z
  .string();
export const commands = {
  prompt: {
    payload: z.strictObject({ id: id.nullable(), when: z.enum(["now"]) }),
  },
};
`,
  );
});

test("a description that would stay in the guest is an error", () => {
  assert.throws(() => stripDescriptions(`z.string().describe(words("at most"))`), /not made of plain strings/);
});
