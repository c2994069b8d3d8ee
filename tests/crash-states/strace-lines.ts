/** Lines as `strace -f -xx` writes them. */

export function text(value: string): string {
  return `"${[...Buffer.from(value)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
}

export function open(path: string, fd: number, flags = 'O_RDWR|O_CREAT', pid = 7): string {
  return `${pid} openat(AT_FDCWD, ${text(path)}, ${flags}, 0644) = ${fd}`;
}

export function pwrite(fd: number, bytes: string, at: number, written = bytes.length): string {
  return `7 pwrite64(${fd}, ${text(bytes)}, ${bytes.length}, ${at}) = ${written}`;
}

export function say(fd: number, line: string): string {
  return `7 write(${fd}, ${text(`${line}\n`)}, ${line.length + 1}) = ${line.length + 1}`;
}
