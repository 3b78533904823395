const GIB = 1024 ** 3;

/** An amount of memory as a person writes it: 1 GiB, 1.5 GiB, 512 MiB. */
export function memoryWords(bytes: number): string {
  return bytes >= GIB && (bytes * 10) % GIB === 0 ? `${bytes / GIB} GiB` : `${Math.round(bytes / 1024 ** 2)} MiB`;
}
