export type CpioEntry = { path: string } & ({ directory: true } | { content: Buffer; executable?: boolean });

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;

/** A newc archive, as the kernel unpacks it at boot. Everything belongs to root and has no time. */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.map((entry, index) =>
    "directory" in entry
      ? member(entry.path, index + 1, S_IFDIR | 0o755, 2, Buffer.alloc(0))
      : member(entry.path, index + 1, S_IFREG | (entry.executable ? 0o755 : 0o644), 1, entry.content),
  );
  return Buffer.concat([...parts, member("TRAILER!!!", 0, 0, 1, Buffer.alloc(0))]);
}

function member(path: string, inode: number, mode: number, links: number, content: Buffer): Buffer {
  const name = Buffer.from(`${path}\0`);
  // inode, mode, uid, gid, links, mtime, size, four device numbers, length of the name, checksum
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
  return Buffer.concat([padded(Buffer.concat([header, name])), padded(content)]);
}

const padded = (part: Buffer) => Buffer.concat([part, Buffer.alloc(-part.length & 3)]);
