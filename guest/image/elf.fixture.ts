/** An object file with one section of interest, laid out as `modinfo` and the kernel read it. */
export function elfWithSection(name: string, body: Buffer): Buffer {
  const names = Buffer.from(`\0${name}\0.shstrtab\0`);
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02", "latin1");
  header.writeBigUInt64LE(BigInt(64 + body.length + names.length), 0x28);
  header.writeUInt16LE(64, 0x3a);
  header.writeUInt16LE(3, 0x3c);
  header.writeUInt16LE(2, 0x3e);
  const section = (nameAt: number, offset: number, size: number) => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(nameAt);
    entry.writeBigUInt64LE(BigInt(offset), 0x18);
    entry.writeBigUInt64LE(BigInt(size), 0x20);
    return entry;
  };
  const sections = [
    section(0, 0, 0),
    section(1, 64, body.length),
    section(name.length + 2, 64 + body.length, names.length),
  ];
  return Buffer.concat([header, body, names, ...sections]);
}

/** An executable with one note. */
export function elfWithNote(name: string, type: number): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02", "latin1");
  header.writeBigUInt64LE(64n, 0x20);
  header.writeUInt16LE(56, 0x36);
  header.writeUInt16LE(1, 0x38);
  const note = Buffer.alloc(24);
  note.writeUInt32LE(name.length, 0);
  note.writeUInt32LE(4, 4);
  note.writeUInt32LE(type, 8);
  note.write(name, 12, "latin1");
  const segment = Buffer.alloc(56);
  segment.writeUInt32LE(4);
  segment.writeBigUInt64LE(120n, 0x08);
  segment.writeBigUInt64LE(24n, 0x20);
  return Buffer.concat([header, segment, note]);
}
