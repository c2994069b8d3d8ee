/**
 * What a process asked of the files in one folder, from its system calls. Only
 * calls that are understood may touch these files; any other is an error. Shared
 * memory of SQLite (`-shm`) is no file in this sense: no start reads what is there.
 */
import { bytesOf, TraceError, unreadable } from './trace.ts';
import type { Call } from './trace.ts';

/** A file whatever it is called, as an inode is. */
export type FileId = number;

/** What is not on the disk for certain before a sync of its file. */
export type DataChange =
  | {
      readonly type: 'write';
      readonly file: FileId;
      /** Where, bytes. */
      readonly at: number;
      readonly bytes: Buffer;
    }
  /** Cut off, or made longer by zeros. */
  | { readonly type: 'resize'; readonly file: FileId; readonly size: number };

/** What is not on the disk for certain before a sync of the folder. */
export type NameChange =
  | { readonly type: 'create'; readonly name: string; readonly file: FileId }
  | { readonly type: 'unlink'; readonly name: string; readonly file: FileId }
  | { readonly type: 'rename'; readonly name: string; readonly to: string; readonly file: FileId };

export type DiskEvent =
  | DataChange
  | NameChange
  | { readonly type: 'sync'; readonly file: FileId }
  | { readonly type: 'syncNames' }
  /** A line that the process wrote about itself. */
  | { readonly type: 'mark'; readonly text: string };

export interface WatchedPlaces {
  /** Absolute, without links. */
  readonly folder: string;
  /** The file, elsewhere, to which the process writes its marks. */
  readonly marks: string;
}

/** The calls that must be recorded. */
export const RECORDED_CALLS = [
  'open,openat,openat2,creat,close,dup,dup2,dup3',
  'write,writev,pwrite64,pwritev,pwritev2,sendfile,copy_file_range',
  'ftruncate,truncate,fallocate,mmap,fsync,fdatasync,sync_file_range,sync,syncfs',
  'unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat',
].flatMap((names) => names.split(','));

/** Which argument is the file that is changed, where it is not the first. */
const WRITTEN_AT: Readonly<Record<string, number>> = { mmap: 4, copy_file_range: 2 };

type Opened =
  /** Where the next plain write goes, bytes; null: to the end, wherever that is. */
  | { readonly type: 'file'; readonly file: FileId; position: number | null }
  | { readonly type: 'folder' | 'marks' | 'memory' };

/** Reads the calls of processes that ran one after the other. */
export class DiskEvents {
  private readonly places: WatchedPlaces;
  private readonly found: DiskEvent[] = [];
  private readonly names = new Map<string, FileId>();
  private nextFile: FileId = 1;
  /** Of the present process. */
  private opened = new Map<number, Opened>();

  constructor(places: WatchedPlaces) {
    this.places = places;
  }

  get events(): readonly DiskEvent[] {
    return this.found;
  }

  /** All calls of one process, which has ended. Throws {@link TraceError}. */
  addProcess(calls: readonly Call[]): void {
    this.opened = new Map();
    for (const call of calls) if (call.result === null || call.result >= 0) this.add(call);
  }

  private add(call: Call): void {
    const { name, args, line } = call;
    switch (name) {
      case 'open':
      case 'openat':
      case 'creat':
        this.open(call);
        return;
      case 'close':
        this.opened.delete(Number(args[0]));
        return;
      case 'unlink':
        this.unlink(pathOf(args[0], line));
        return;
      case 'unlinkat':
        this.unlink(pathOf(args[1], line));
        return;
      case 'rename':
        this.rename(pathOf(args[0], line), pathOf(args[1], line));
        return;
      case 'renameat':
      case 'renameat2':
        this.rename(pathOf(args[1], line), pathOf(args[3], line));
        return;
      case 'openat2':
      case 'truncate':
      case 'link':
      case 'linkat':
      case 'symlink':
      case 'symlinkat':
        this.refuse(call);
        return;
      default:
        this.change(call);
    }
  }

  /** What is not understood may name anything but a file in the folder. */
  private refuse({ name, args, line }: Call): void {
    for (const arg of args)
      if (arg.startsWith('"') && this.nameIn(pathOf(arg, line)) !== null)
        throw new TraceError(`line ${line} of the trace: ${name} of a file that is watched`);
  }

  private open({ name, args, result, line }: Call): void {
    const isAt = name === 'openat';
    const file = pathOf(args[isAt ? 1 : 0], line);
    const flags = name === 'creat' ? 'O_CREAT|O_TRUNC' : (args[isAt ? 2 : 1] ?? '');
    const fd = result ?? -1;
    if (file === this.places.folder) this.opened.set(fd, { type: 'folder' });
    else if (file === this.places.marks) this.opened.set(fd, { type: 'marks' });
    else {
      const inside = this.nameIn(file);
      if (inside === null) this.opened.delete(fd);
      else if (inside.endsWith('-shm')) this.opened.set(fd, { type: 'memory' });
      else {
        const position = flags.includes('O_APPEND') ? null : 0;
        this.opened.set(fd, { type: 'file', file: this.openFile(inside, flags, line), position });
      }
    }
  }

  private openFile(name: string, flags: string, line: number): FileId {
    let file = this.names.get(name);
    if (file === undefined) {
      if (!flags.includes('O_CREAT')) throw unreadable(line, `${name} was there before`);
      file = this.nextFile++;
      this.names.set(name, file);
      this.found.push({ type: 'create', name, file });
    } else if (flags.includes('O_TRUNC')) this.found.push({ type: 'resize', file, size: 0 });
    return file;
  }

  private change(call: Call): void {
    const { name, args, result, line } = call;
    const opened = this.opened.get(Number(args[WRITTEN_AT[name] ?? 0]));
    if (name === 'sync' || name === 'syncfs') throw unreadable(line, name);
    if (opened === undefined || opened.type === 'memory') return;
    if (result === null) {
      // A sync that did not come back promises nothing.
      if (name === 'fsync' || name === 'fdatasync') return;
      throw unreadable(line, `the process ended within ${name}`);
    }
    switch (`${name} ${opened.type}`) {
      case 'write marks':
        for (const text of bytesOf(args[1], line).toString().split('\n'))
          if (text !== '') this.found.push({ type: 'mark', text });
        return;
      case 'fsync folder':
      case 'fdatasync folder':
        this.found.push({ type: 'syncNames' });
        return;
    }
    if (opened.type !== 'file') throw unreadable(line, `${name} of the ${opened.type}`);
    const { file } = opened;
    switch (name) {
      case 'pwrite64':
      case 'write': {
        const at = name === 'write' ? opened.position : Number(args[3]);
        if (at === null) break;
        if (name === 'write') opened.position = at + result;
        const bytes = bytesOf(args[1], line).subarray(0, result);
        this.found.push({ type: 'write', file, at, bytes });
        return;
      }
      case 'ftruncate':
        this.found.push({ type: 'resize', file, size: Number(args[1]) });
        return;
      case 'fsync':
      case 'fdatasync':
        this.found.push({ type: 'sync', file });
        return;
      case 'mmap':
        // What one only reads, or changes for oneself, is no write.
        if (!args[2]?.includes('PROT_WRITE') || args[3]?.includes('MAP_PRIVATE')) return;
    }
    throw new TraceError(`line ${line} of the trace: ${name} of a file that is watched`);
  }

  private unlink(path: string): void {
    const name = this.nameIn(path);
    const file = name === null ? undefined : this.names.get(name);
    if (name === null || file === undefined) return;
    this.names.delete(name);
    this.found.push({ type: 'unlink', name, file });
  }

  private rename(from: string, to: string): void {
    const [name, other] = [this.nameIn(from), this.nameIn(to)];
    if (name === null && other === null) return;
    const file = name === null ? undefined : this.names.get(name);
    if (name === null || other === null || file === undefined)
      throw new TraceError(`${from} was renamed to ${to}`);
    this.names.delete(name);
    this.names.set(other, file);
    this.found.push({ type: 'rename', name, to: other, file });
  }

  /** Null for what is elsewhere. */
  private nameIn(path: string): string | null {
    const { folder } = this.places;
    return path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : null;
  }
}

function pathOf(arg: string | undefined, line: number): string {
  return bytesOf(arg, line).toString();
}
