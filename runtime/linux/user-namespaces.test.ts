import assert from "node:assert/strict";
import { test } from "node:test";
import { whatForbidsUserNamespaces } from "./user-namespaces.ts";

const host = (settings: Record<string, string>) => (name: string) => settings[name];

for (const [which, settings, forbids] of [
  ["Debian", { "user/max_user_namespaces": "96365" }, undefined],
  ["Debian with its own setting", { "kernel/unprivileged_userns_clone": "0" }, "kernel.unprivileged_userns_clone is 0"],
  ["a host with a limit of none", { "user/max_user_namespaces": "0" }, "user.max_user_namespaces is 0"],
  [
    "Ubuntu",
    { "kernel/unprivileged_userns_clone": "1", "kernel/apparmor_restrict_unprivileged_userns": "1" },
    "kernel.apparmor_restrict_unprivileged_userns is 1 (AppArmor allows them only to programs that have a profile",
  ],
] as const)
  test(`on ${which}, an ordinary user is told ${forbids ?? "of no setting"}`, () => {
    const words = whatForbidsUserNamespaces(false, host(settings));
    assert.equal(forbids === undefined ? words === "" : words.startsWith(forbids), true, words);
  });

test("root is told of the limit alone", () => {
  const all = { "kernel/unprivileged_userns_clone": "0", "kernel/apparmor_restrict_unprivileged_userns": "1" };
  assert.equal(whatForbidsUserNamespaces(true, host(all)), "");
  assert.match(whatForbidsUserNamespaces(true, host({ "user/max_user_namespaces": "0" })), /^user\.max/);
});
