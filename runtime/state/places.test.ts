import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { PiworkError } from "../protocol/errors.ts";
import { findPlaces, makePlaces } from "./places.ts";

const base = mkdtempSync(join(tmpdir(), "piwork-places-"));
test.after(() => rmSync(base, { recursive: true }));
const places = (name: string) =>
  findPlaces(
    { state: join(base, name, "state"), cache: join(base, "cache"), logs: join(base, "logs") },
    { XDG_RUNTIME_DIR: join(base, "run") },
  );

test("the usual variables decide, options win", () => {
  const found = findPlaces({}, { XDG_STATE_HOME: "/s", XDG_CACHE_HOME: "/c", XDG_RUNTIME_DIR: "/r" });
  assert.deepEqual([found.state, found.cache], ["/s/piwork", "/c/piwork"]);
  assert.match(found.sockets, /^\/r\/piwork\/[0-9a-f]{12}$/);
  assert.equal(findPlaces({ state: "/other" }, { XDG_STATE_HOME: "/s" }).state, "/other");
});

test("two states have sockets of their own", () => assert.notEqual(places("a").sockets, places("b").sockets));

test("what is made in the state is private; a state that was there keeps its mode", () => {
  const made = places("private");
  mkdirSync(made.state, { recursive: true, mode: 0o755 });
  makePlaces(made);
  assert.equal(statSync(made.state).mode & 0o777, 0o755);
  for (const directory of [join(made.state, "records"), join(made.state, "tasks"), made.sockets]) {
    assert.equal(statSync(directory).mode & 0o777, 0o700, directory);
  }
  makePlaces(places("new"));
  assert.equal(statSync(places("new").state).mode & 0o777, 0o700);
});

test("a state that is a link is refused", () => {
  const made = places("link");
  mkdirSync(join(base, "link"), { recursive: true });
  symlinkSync("/tmp", made.state);
  assert.throws(() => makePlaces(made), PiworkError);
});

test("a place that cannot be made is refused with the option that chooses another", () => {
  writeFileSync(join(base, "file"), "");
  symlinkSync(join(base, "nowhere"), join(base, "dangling"));
  const impossible = ["file", "file/below", "file/far/below", "dangling", "dangling/below"].map((name) =>
    join(base, name),
  );
  for (const option of ["state", "cache", "logs"] as const) {
    for (const path of [...impossible, "/proc/x/y", "/proc/self/x", `/tmp/${"x".repeat(300)}`]) {
      assert.throws(
        () => makePlaces({ ...places("impossible"), [option]: path }),
        (error) =>
          error instanceof PiworkError && error.message.includes(`--${option}`) && error.message.includes(path),
        `${option} ${path}`,
      );
    }
  }
});

test("a runtime directory that cannot be used is refused with its variable", () => {
  assert.throws(() => makePlaces({ ...places("sockets"), sockets: join(base, "file/run") }), /XDG_RUNTIME_DIR/);
});

test("directories on the way are made, also below a link", () => {
  mkdirSync(join(base, "real"));
  symlinkSync(join(base, "real"), join(base, "alias"));
  makePlaces({ ...places("way"), logs: join(base, "alias/a/b/c") });
  assert.equal(statSync(join(base, "real/a/b/c")).isDirectory(), true);
});

test("a path that is too long for a socket is refused with what to do", () => {
  const long = { ...places("long"), sockets: join(base, "x".repeat(100)) };
  assert.throws(() => makePlaces(long), /XDG_RUNTIME_DIR/);
});
