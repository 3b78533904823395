/** What the victim's process has (what is in its memory is marked, to be found there), each beside its name in a file of the victim's home. */
export const VICTIM_HOLDS = [
  "environment",
  "arguments",
  "abstract-socket",
  "socket",
  "loopback",
  "memory",
  "shm",
  "queue",
  "deleted-file",
];

/** Also holds what it has read: in its memory, in a file without a name, in System V and POSIX objects. */
export const VICTIM_SERVER = `
import ctypes, mmap, os, socket, threading, time
def held(name):
    with open(os.path.expanduser("~/" + name), "rb") as file:
        return file.read()
def serve(listener, words):
    while True:
        connection, _ = listener.accept()
        connection.sendall(words)
        connection.close()
for address, words in (("\\0piwork-victim", held("abstract-socket")), ("/tmp/victim.sock", held("socket"))):
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(address.strip("\\0")):
        os.unlink(address) # of one that was killed
    listener.bind(address)
    listener.listen(16)
    threading.Thread(target=serve, args=(listener, words), daemon=True).start()
tcp = socket.socket()
tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
tcp.bind(("127.0.0.1", 4042))
tcp.listen(16)
threading.Thread(target=serve, args=(tcp, held("loopback")), daemon=True).start()
memory = ctypes.create_string_buffer(b"marked secret " + held("memory"), 4096)
unnamed = open("/tmp/unnamed", "wb+")
unnamed.write(held("deleted-file"))
unnamed.flush()
mapped = mmap.mmap(unnamed.fileno(), 0)
os.unlink("/tmp/unnamed")
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
segment = libc.shmget(0x7069, 4096, 0o1666)
ctypes.memmove(libc.shmat(segment, None, 0), held("shm"), 16)
queue = libc.msgget(0x7069, 0o1666)
libc.msgsnd(queue, (1).to_bytes(8, "little") + held("queue"), 16, 0)
print("serving", flush=True)
time.sleep(1e6)`;

/** What a process of the machine's root offers to everybody in the machine's own namespaces. */
export const ROOT_HOLDS = ["tcp", "abstract-socket", "name of abstract-socket", "shm", "queue", "posix-queue", "key"];

export const ROOT_SERVER = `
import ctypes, os, socket, threading, time
tcp, unix, name, shm, queue, posix, key = open("/run/piwork/held", "rb").read().split()
counter = os.open("/run/piwork/connections", os.O_WRONLY | os.O_APPEND)
def serve(listener, words):
    while True:
        connection, _ = listener.accept()
        os.write(counter, b"x")
        connection.sendall(words + b"\\n")
        connection.close()
def receive(listener):
    while True:
        listener.recv(64)
        os.write(counter, b"x")
def listen(family, address, words):
    listener = socket.socket(family)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind(address)
    listener.listen(64)
    threading.Thread(target=serve, args=(listener, words), daemon=True).start()
listen(socket.AF_INET, ("0.0.0.0", 4041), tcp)
listen(socket.AF_INET6, ("::", 4041), tcp)
listen(socket.AF_UNIX, "\\0piwork-root", unix)
listen(socket.AF_UNIX, b"\\0piwork-" + name, unix)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", 4041))
threading.Thread(target=receive, args=(udp,), daemon=True).start()
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
segment = libc.shmget(0x7069, 4096, 0o1666)
ctypes.memmove(libc.shmat(segment, None, 0), shm, 16)
line = libc.msgget(0x7069, 0o1666)
for _ in range(32):
    libc.msgsnd(line, (1).to_bytes(8, "little") + queue, 16, 0)
os.umask(0)
descriptor = libc.mq_open(b"/piwork", 0o102, 0o666, None)
for _ in range(8):
    libc.mq_send(descriptor, posix, 16, 0)
if min(segment, line, descriptor, libc.syscall(248, b"user", b"piwork", key, 16, -4)) < 0:
    raise OSError(ctypes.get_errno(), "the machine's objects")
print("serving", flush=True)
time.sleep(1e6)`;

/** What is in the machine without our doing, and a script of its root that prints it. */
export const KNOWN_TO_ROOT: Readonly<Record<string, string>> = {
  "taskd's environment": "tr '\\0' '\\n' </proc/$(pgrep -o -f taskd.mjs)/environ | grep UV_THREADPOOL_SIZE",
  "head of the machine's disk": "od -An -v -tx1 -j1024 -N64 /dev/vda | tr -d ' \\n'",
  "the machine's memory": "od -An -v -tx1 -j983040 -N64 /dev/mem | tr -d ' \\n'",
  "the kernel's core": "od -An -v -tx1 -j64 -N64 /proc/kcore | tr -d ' \\n'",
  "address in the kernel": "grep -m1 ' T _stext' /proc/kallsyms",
  // Made here: by itself it has none.
  "the machine's name": "busybox hostname m$(od -An -tx1 -N8 /dev/urandom | tr -d ' '); busybox hostname",
  "where the kernel lies": "grep 'Kernel code' /proc/iomem",
};
