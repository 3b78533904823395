/**
 * Stands where the machine's root has the task's folder, beside those of others. A task behind its walls does not see that place and
 * stays at /work, above which there is nothing but its own view.
 */
const standing = (folder: string) => `cd /run/piwork/workspace/${folder} 2>/dev/null`;
type Scripted = { script: string };
const from =
  (folder: string) =>
  <A extends Scripted>(attack: A): A => ({ ...attack, script: `${standing(folder)}; ${attack.script}` });
/** Attacks that begin in the task's folder. */
export const inOwnFolder = from("own");
/** Attacks that need a place in one file system with the folders of others, which the task's own is not in every machine. */
export const besideOthers = from("own2");

/** Sets an attribute of the file that is named next: one of a user, or where files have none of these, one of root. */
export const SET_ATTRIBUTE = `perl -e 'for (qw(user.x trusted.x)) { syscall(188, $ARGV[0], (my $s2 = $_), (my $s3 = "y"), 1, 0) }'`;

/** Finds the victim's process; where it cannot be seen, `$v` is empty. The pattern does not match itself. */
export const FIND_VICTIM = "v=$(pgrep -n -f 'piwork-victi[m]')";
/** The same for the process of the victim that has nothing to do. */
export const FIND_BYSTANDER = "b=$(pgrep -n -f 'piwork-bystande[r]')";
/** Finds taskd. */
export const FIND_TASKD = "t=$(pgrep -o -f 'taskd[.]mjs')";
/** The device of taskd's own port; where that cannot be told from others, what they all begin with. */
export const FIND_PORT =
  'p=$(grep -lx piwork.taskd /sys/class/virtio-ports/*/name); p=${p%/name}; p=/dev/${p##*/}; [ -e "$p" ] && [ "$p" != /dev/ ] || p=/dev/vport';
const quoted = (script: string) => `'${script.replaceAll("'", "'\\''")}'`;

/**
 * On the control everything can be read without any attack. So it first goes to where the attack is needed: into namespaces of
 * its own (`into`), and hides there (`hide`) what only the attack may show again. A task is there already: it cannot hide
 * anything, and attacks at once.
 */
export const onControl = (into: string, hide: string, attack: string) =>
  `a=${quoted(attack)}; if ${into} ${hide}; then ${into} sh -c "${hide} && { $a; }"; else eval "$a"; fi`;

/** For a program of perl: on the control, root puts its effective rights aside, so that what follows has to get them again. */
export const ASIDE = "syscall(114, -1, 65534); syscall(113, -1, 65534)";
/** What runs a program as nobody on the control; a task runs it as itself. Only root can write to that directory. */
export const AS_NOBODY = "n=; [ -w /run/piwork ] && n='setpriv --reuid=65534 --regid=65534 --clear-groups'";
