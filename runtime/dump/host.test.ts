import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findPlaces, type Places, stateLayout } from "../state/places.ts";
import { lookAtHost } from "./host.ts";

const root = mkdtempSync(join(tmpdir(), "piwork-host-"));
test.after(() => rmSync(root, { recursive: true }));

function makePlaces(): { places: Places; workspace: string } {
  const places = {
    ...findPlaces({ state: mkdtempSync(join(root, "state-")) }),
    sockets: mkdtempSync(join(root, "s-")),
  };
  for (const directory of [stateLayout(places).records, join(stateLayout(places).tasks, "one")])
    mkdirSync(directory, { recursive: true });
  return { places, workspace: mkdtempSync(join(root, "workspace-")) };
}

test("what is kept of a task is told, since when it is there too", async () => {
  const { places, workspace } = makePlaces();
  const before = Date.now() - 60_000;
  utimesSync(join(stateLayout(places).tasks, "one"), before / 1000, before / 1000);
  const { tasks } = await lookAtHost(places, workspace);
  assert.deepEqual([...tasks.keys()], ["one"]);
  assert.equal(Math.abs(Date.parse(tasks.get("one")?.keptSince ?? "") - before) < 1000, true);
});

test("a directory that is gone keeps nothing else from being told", async () => {
  for (const which of ["workspace", "sockets", "tasks"] as const) {
    const { places, workspace } = makePlaces();
    const gone = { workspace, sockets: places.sockets, tasks: stateLayout(places).tasks }[which];
    rmSync(gone, { recursive: true });
    const told = await lookAtHost(places, workspace);
    assert.equal(told.tasks.has("one"), which !== "tasks", which);
  }
});

test("what lies where a task keeps its things may be anything, and be of any time", async () => {
  const { places, workspace } = makePlaces();
  symlinkSync("loop", join(stateLayout(places).tasks, "loop"));
  const far = Date.UTC(2300, 0) / 1000;
  utimesSync(join(stateLayout(places).tasks, "one"), far, far);
  const { tasks } = await lookAtHost(places, workspace);
  assert.equal(tasks.get("one")?.keptSince, "1970-01-01T00:00:00.000Z");
  assert.equal(tasks.get("loop")?.session.is, "unreadable");
});

test("a file that names no task by anything that is an id names none", async () => {
  const { places, workspace } = makePlaces();
  for (const [content, active] of [
    ["one\n", "one"],
    ["../one\n", null],
    ["", null],
  ] as const) {
    writeFileSync(join(stateLayout(places).records, "active"), content);
    assert.deepEqual((await lookAtHost(places, workspace)).activeTask, { said: active });
  }
});
