import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { TASK_UID } from "../../runtime/protocol/rpc.ts";
import { SMALL_MEMORY_BYTES } from "../runtimes/quota.ts";
import { VICTIM_HOLDS } from "./servers.ts";
import type { Slot } from "./slots.ts";
import { World } from "./world.ts";

/** The slot of the neighbour. No machine makes so many by itself. */
export const NEIGHBOUR_SLOT: Slot = {
  directory: "/run/piwork/slots/90",
  group: "/sys/fs/cgroup/tasks/slot-90",
};

/** The file in the directory of the root's shell that has the neighbour's files. */
const ARCHIVE = "neighbour.tar";
const SHARES = "/run/piwork/workspace /run/piwork/tasks";

/**
 * A second task in the attacker's machine, which the machine's root makes: with a machine for each task, the real victim is out of
 * reach whatever the walls do. It has the same files, processes and sockets in the same places, with secrets of its own.
 */
export class Neighbour {
  readonly #directory: string;
  readonly #victim: string;

  /** `world` learns the secrets; `victim` is the id of the task whose place the neighbour takes. */
  constructor(directory: string, victim: string, world: World) {
    this.#directory = directory;
    this.#victim = victim;
    const files = new World(directory, join(directory, "workspace"));
    for (const [name, token] of files.tokens) world.knowOfMachine(`neighbour: ${name}`, token);
    const guest = join(directory, "tasks", victim, "guest");
    const put = (path: string, name: string) => {
      mkdirSync(join(guest, path, ".."), { recursive: true });
      writeFileSync(join(guest, path), `${world.tokenOfMachine(`neighbour: ${name}`)}\n`);
    };
    put("home/secret", "home");
    put("outputs/secret", "outputs");
    put("uploads/upload.txt", "upload");
    put("session/session.jsonl", "session");
    put("tmp/secret", "/tmp");
    for (const name of VICTIM_HOLDS) put(`home/${name}`, name);
  }

  /** Puts the files where the machine's root finds them, by the directory of the root's shell as the host sees it. */
  async deliver(rootDirectory: string): Promise<void> {
    const folders = ["other", "own2", "third", "root.txt"].map((name) => `workspace/${name}`);
    await $`tar --sparse -cf ${join(rootDirectory, ARCHIVE)} -C ${this.#directory} ${folders} tasks/${this.#victim}`;
  }
}

const UNPACK = `tar -xpf ${ARCHIVE} -C /run/piwork
chown -hR ${TASK_UID}:${TASK_UID} /run/piwork/workspace/other /run/piwork/workspace/own2 /run/piwork/workspace/third /run/piwork/workspace/root.txt /run/piwork/tasks/$VICTIM`;

/**
 * Shows the neighbour's files beside the attacker's own ones, which stay those of the host, and makes the neighbour's slot. The
 * directories of a share belong to the host and cannot be added to, so others are mounted over them.
 */
export const PLANT = `set -e
beside() {
  kept=/run/piwork/kept; mkdir -p $kept; mount --bind $1/$2 $kept
  mount -t tmpfs -o nosuid,nodev,mode=755,uid=${TASK_UID},gid=${TASK_UID} neighbour $1
  mkdir $1/$2; mount --bind $kept $1/$2; umount $kept; rmdir $kept
}
beside /run/piwork/workspace own
beside /run/piwork/tasks $ATTACKER
${UNPACK}
guest=/run/piwork/tasks/$VICTIM/guest
for name in work outputs uploads home tmp session; do mkdir -p $VICTIM_SLOT/$name; done
for name in outputs uploads home; do mount --bind $guest/$name $VICTIM_SLOT/$name; done
mount --bind /run/piwork/workspace/other $VICTIM_SLOT/work
for name in tmp session; do
  mount -t tmpfs -o nosuid,nodev,mode=1777,uid=${TASK_UID},gid=${TASK_UID} neighbour $VICTIM_SLOT/$name
  cp $guest/$name/* $VICTIM_SLOT/$name/; chown -R ${TASK_UID}:${TASK_UID} $VICTIM_SLOT/$name/*
done
rm -r $guest/tmp
mkdir $VICTIM_GROUP
echo ${SMALL_MEMORY_BYTES} >$VICTIM_GROUP/memory.max; echo 512 >$VICTIM_GROUP/pids.max; echo 100 >$VICTIM_GROUP/cpu.weight
find ${SHARES} -xdev -type d >/run/piwork/neighbours`;

/** Takes the neighbour away, so that the machine is as its task found it. */
export const UPROOT = `echo 1 >$VICTIM_GROUP/cgroup.kill
until rmdir $VICTIM_GROUP; do sleep 0.05; done
for name in work outputs uploads home tmp session; do umount -l $VICTIM_SLOT/$name; rmdir $VICTIM_SLOT/$name; done
rmdir $VICTIM_SLOT; rm /run/piwork/neighbours
for place in ${SHARES}; do umount -l $place/own $place/$ATTACKER; umount -l $place; done
! grep -q ' neighbour ' /proc/self/mountinfo`;

/** A line for each of the neighbour's files, without the attacker's own. The time of its last change tells of content and attributes as well. */
export const PICTURE = `find ${SHARES} -xdev ! -path /run/piwork/workspace/own ! -path /run/piwork/tasks/$ATTACKER -printf 'neighbour %p %y %m %U %G %s %n %T@ %C@ %l\\n'`;

/** Makes the neighbour's files as they were. Directories stay the same ones, since the neighbour's processes are in them. */
export const RESTORE = `find ${SHARES} -xdev ! -type d -delete
find ${SHARES} -xdev -depth -type d | grep -vxFf /run/piwork/neighbours | while read -r strange; do rmdir "$strange"; done
${UNPACK}
rm -rf /run/piwork/tasks/$VICTIM/guest/tmp`;

/** What runs words as a process of the neighbour: in its group, under its user, in namespaces of its own. */
const ENTER = `slot=$1 group=$2; shift 2
echo 0 >$group/cgroup.procs; echo 0 >/proc/self/oom_score_adj
exec setpriv --reuid=${TASK_UID} --regid=${TASK_UID} --clear-groups bwrap --unshare-all \\
  --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --ro-bind /etc /etc \\
  --proc /proc --dev /dev --bind $slot/tmp /tmp --bind $slot/session /session --bind $slot/home /home/task \\
  --bind $slot/work /work --bind $slot/outputs /outputs --ro-bind $slot/uploads /uploads \\
  --clearenv --setenv HOME /home/task --setenv PATH /usr/bin --chdir /work -- "$@"`;

/** Words that run others as a process of the neighbour, where the machine's root says them. */
export function asNeighbour(words: readonly string[]): string[] {
  return ["sh", "-c", ENTER, "neighbour", NEIGHBOUR_SLOT.directory, NEIGHBOUR_SLOT.group, ...words];
}

/** A script of the machine's root that does a neighbour's work, under the neighbour's user and bounds. */
export function workOfNeighbour(script: string): string {
  const quoted = `'${script.replaceAll("'", "'\\''")}'`;
  return `echo 0 >$VICTIM_GROUP/cgroup.procs; echo 0 >/proc/self/oom_score_adj; exec setpriv --reuid=${TASK_UID} --regid=${TASK_UID} --clear-groups sh -c ${quoted} 2>&1`;
}
