import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Check } from "../../harness/checks/checks.ts";
import { waitFor } from "../../harness/host/wait-for.ts";
import { AGENT, ISOLATION, piwork, type RunningRuntime, type Sandbox } from "../../harness/runtimes/piwork.ts";
import { attempt, Talk } from "../../harness/runtimes/talk.ts";
import { parseTaskRecord } from "../../runtime/api/record.ts";
import { parseSessionHead } from "../../runtime/protocol/session.ts";

/** Directories deeper than a path may be long, where the shell is. */
const DEEP_TREE = 'n=$(printf "%0200d" 0); for i in $(seq 40); do mkdir $n && cd $n; done; cd /;';

/** What is kept of a task: its record, session, outputs and uploads; and what is left when it is deleted. */
export function kept(sandbox: Sandbox, runtime: () => RunningRuntime): Check[] {
  const client = () => runtime().client;
  const talk = new Talk(client);
  const own = (task: string, path: string) => join(sandbox.state, "tasks", task, "guest", path);
  const create = async () => (await client().call("task_create", { title: "Kept", folder: null })).id;
  const upload = (task: string, name: string, content: Buffer) =>
    attempt(() => client().upload(task, name, Readable.from([content])));
  let task = "";

  return [
    {
      id: "session.resume",
      claim: "a stopped task goes on with the conversation it had",
      async run() {
        task = await create();
        const words = randomBytes(8).toString("hex");
        await talk.prompt(words, task);
        await client().call("task_stop", { task });
        assert.equal(await talk.ask("recall", task), JSON.stringify(words));
      },
    },
    {
      id: "home.own",
      standsOn: ["session.resume"],
      claim: "a task has a home of its own that it can use, and that is there again after a stop",
      async run() {
        const script = "cd && pwd && echo kept >> .profile && cat .profile && ls /home";
        assert.equal((await talk.exec(["sh", "-c", script], { task })).stdout.toString(), "/home/task\nkept\ntask\n");
        await client().call("task_stop", { task });
        assert.equal((await talk.exec(["sh", "-c", "cat ~/.profile"], { task })).stdout.toString(), "kept\n");
      },
    },
    {
      id: "session.readable",
      standsOn: ["session.resume"],
      claim: "record and session are files that a person can read, whole, and nothing lies beside them",
      async run() {
        const record = readFileSync(join(sandbox.state, "records", `${task}.json`), "utf8");
        assert.equal(parseTaskRecord(JSON.parse(record)).title, "Kept");
        assert.equal(record.split("\n").length > 5, true, "it is one long line");
        const session = readFileSync(own(task, "session/session.jsonl"), "utf8");
        const head = parseSessionHead(session);
        assert.deepEqual([head?.taskId, head?.agent, head?.turns], [task, AGENT, 2]);
        const lines = session
          .trim()
          .split("\n")
          .slice(1)
          .map((line) => JSON.parse(line))
          // pi keeps more than what was said.
          .flatMap(({ role, message }) => role ?? message?.role ?? []);
        assert.deepEqual(lines, ["user", "assistant", "user", "assistant"]);
        assert.deepEqual(readdirSync(own(task, "session")), ["session.jsonl"]);
        assert.equal(statSync(own(task, "session/session.jsonl")).mode & 0o777, 0o600);
      },
    },
    {
      id: "session.apart",
      standsOn: ["session.resume"],
      claim: "a task cannot reach the file that its session is kept in: what it does to its copy is its own loss alone",
      async run() {
        const before = readFileSync(own(task, "session/session.jsonl"));
        const { stdout } = await talk.exec(
          [
            "sh",
            "-c",
            "find / -xdev -name 'session*' 2>/dev/null; rm -rf /session/*; ln -s /etc/passwd /session/session.jsonl",
          ],
          { task },
        );
        assert.deepEqual(
          stdout
            .toString()
            .split("\n")
            .filter((path) => /session\.jsonl/.test(path) && !path.startsWith("/session/")),
          [],
        );
        assert.equal(readFileSync(own(task, "session/session.jsonl")).equals(before), true);
        const events = await talk.prompt("into a link", task);
        const end = events.at(-1);
        assert.equal(end?.event === "agent_end" || end?.event === "task_error", true);
        assert.equal(readFileSync(own(task, "session/session.jsonl"), "utf8").includes("root:"), false);
        await client().call("task_stop", { task });
        assert.match(await talk.ask("recall", task), /recall/);
      },
    },
    {
      id: "uploads.import",
      standsOn: ["session.resume"],
      claim: "an imported file is at /uploads with its bytes; the task can neither change nor remove nor add one",
      async run() {
        const bytes = randomBytes(3_000_000);
        const file = join(sandbox.directory, "to import.bin");
        writeFileSync(file, bytes);
        const { code, stdout, stderr } = await piwork([...sandbox.words, "import", file, "--task", task]);
        assert.deepEqual([code, stdout], [0, "/uploads/to import.bin  3000000 bytes\n"], stderr);
        const script =
          "sha256sum < '/uploads/to import.bin'; echo x > '/uploads/to import.bin'; rm -f /uploads/*; chmod 777 /uploads; touch /uploads/new; ls -A /uploads";
        const seen = await talk.exec(["sh", "-c", script], { task });
        const hash = createHash("sha256").update(bytes).digest("hex");
        assert.equal(seen.stdout.toString(), `${hash}  -\nto import.bin\n`);
        assert.equal(readFileSync(own(task, "uploads/to import.bin")).equals(bytes), true);
        assert.equal(statSync(own(task, "uploads/to import.bin")).mode & 0o7777, 0o444);
      },
    },
    {
      id: "uploads.refusals",
      standsOn: ["uploads.import"],
      claim:
        "an import never replaces a file, takes no name that is a path or hidden, and leaves nothing where it fails",
      async run() {
        const before = readdirSync(own(task, "uploads"));
        assert.equal(await upload(task, "to import.bin", Buffer.from("other")), "INVALID_REQUEST");
        for (const name of ["..", "../x", "a/b", ".hidden", "", "new\nline", "x".repeat(201)])
          assert.equal((await upload(task, name, Buffer.from("x"))) !== "accepted", true, name);
        assert.equal(await upload("no-such-task", "x", Buffer.from("x")), "TASK_NOT_FOUND");
        const broken = new Readable({ read() {} });
        broken.push("half");
        setImmediate(() => broken.destroy(new Error("the source broke")));
        await attempt(() => client().upload(task, "half", broken));
        const left = () => readdirSync(own(task, "uploads"));
        await waitFor("the end of the broken import", 10_000, () => left().length === before.length || undefined);
        assert.deepEqual(left(), before);
        assert.equal(await upload(task, "plain", Buffer.from("x")), "accepted");
      },
    },
    {
      id: "state.exported",
      standsOn: ["session.resume"],
      claim:
        "of the state, QEMU sees tasks/<id>/guest alone: session, outputs, uploads, home; that of a task's own machine, of no other task",
      async run() {
        const qemu = await runtime().qemuPid(task);
        const exported = `/proc/${qemu}/root/export/tasks`;
        if (ISOLATION === "vm") assert.deepEqual(readdirSync(exported), [task]);
        assert.deepEqual(readdirSync(`${exported}/${task}`), ["guest"]);
        assert.deepEqual(readdirSync(`${exported}/${task}/guest`).sort(), ["home", "outputs", "session", "uploads"]);
        assert.equal(existsSync(`${exported}/../records`), false);
        const { stdout } = await talk.exec(["sh", "-c", "ls -A / /home/task"], { task });
        assert.equal(stdout.toString().includes("records"), false);
      },
    },
    {
      id: "task.delete",
      standsOn: ["session.resume"],
      claim: "delete ends the task and removes its record and all that was kept of it, and not its folder",
      async run() {
        mkdirSync(join(sandbox.workspace, "deleted"));
        writeFileSync(join(sandbox.workspace, "deleted/mine"), "mine");
        const { id } = await client().call("task_create", { title: "Gone", folder: "deleted" });
        // A link in what is removed must not be followed.
        for (const place of ["/outputs", "/tmp"])
          await talk.exec(["sh", "-c", `cd ${place}; ${DEEP_TREE}`], { task: id });
        const odd = `cd ~; ${DEEP_TREE} ln -s /work /outputs/link; ln -s / /home/task/root; chmod 0 /outputs`;
        await talk.exec(["sh", "-c", odd], { task: id });
        const asked = await piwork([...sandbox.words, "task", "delete", id]);
        assert.deepEqual([asked.code, /--yes/.test(asked.stderr)], [1, true]);
        assert.equal((await client().call("task_show", { task: id })).state, "active");
        const { code, stderr } = await piwork([...sandbox.words, "task", "delete", id, "--yes"]);
        assert.equal(code, 0, stderr);
        assert.equal(await attempt(() => client().call("task_show", { task: id })), "TASK_NOT_FOUND");
        assert.deepEqual(
          [`records/${id}.json`, `tasks/${id}`, `trash/${id}`].filter((path) => existsSync(join(sandbox.state, path))),
          [],
        );
        assert.equal(readFileSync(join(sandbox.workspace, "deleted/mine"), "utf8"), "mine");
        await client().call("task_delete", { task });
      },
    },
  ];
}
