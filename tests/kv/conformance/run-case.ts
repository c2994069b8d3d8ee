/** One case on one subject: each step, and in the end every read once more by its coordinates (T4). */
import { expect } from 'vitest';
import { must } from '../../../server/base/assert.ts';
import type { ViewQuery, ViewAnswer } from '../../../server/kv/queries.ts';
import type { WriteCommand } from '../../../server/kv/types.ts';
import { STRANGER } from './case.ts';
import type { Asked, Case, Course, Step } from './case.ts';
import { answerInWords, readInWords, writtenInWords } from './in-words.ts';
import type { Names } from './in-words.ts';
import type { Subject } from './subject.ts';

/** More pages than any case has rows. */
const MOST_PAGES = 50;

/** A read that was answered, with all its coordinates. */
export interface Repeat {
  readonly query: ViewQuery;
  readonly answer: ViewAnswer;
}

/** `prefix` goes before every key, so that the cases can share a store. Resolves to what can be asked again. */
export async function runCase(
  { title, steps }: Case,
  subject: Subject,
  prefix = '',
): Promise<readonly Repeat[]> {
  const run = new CaseRun(subject, prefix, await subject.latest());
  for (const [i, step] of steps.entries()) await run.step(step, `step ${i + 1} of ${title}`);
  await askAgain(subject, run.repeats);
  return run.repeats;
}

/** The same bytes for ever (T4). */
export async function askAgain(subject: Subject, repeats: readonly Repeat[]): Promise<void> {
  for (const { query, answer } of repeats) {
    const again = await subject.read(query);
    expect(again.ok ? again.answer : again.code).toEqual(answer);
  }
}

class CaseRun {
  readonly repeats: Repeat[] = [];
  private readonly subject: Subject;
  /** By number of the write; null for one that wrote nothing. */
  private readonly revisions: (number | null)[];
  private readonly timestamps: (number | null)[] = [null];
  private readonly course: Course;
  private readonly names: Names;
  /** Sessions by the names that the case has for its clients. */
  private readonly sessions = new Map<string, string>();

  constructor(subject: Subject, prefix: string, latest: number) {
    this.subject = subject;
    this.revisions = [latest];
    this.course = {
      key: (name) => prefix + name,
      revision: (n) => must(this.revisions[n], `write ${n} has a revision`),
      timestamp: (n) => must(this.timestamps[n], `write ${n} has a timestamp`),
    };
    this.names = {
      key: (stored) => stored.slice(prefix.length),
      write: (revision) => String(this.revisions.indexOf(revision)),
    };
  }

  async step(step: Step, which: string): Promise<void> {
    switch (step.does) {
      case 'write':
        return this.write(step.command, step.answer, which);
      case 'read': {
        const query = step.query(this.course);
        const read = await this.subject.read(query);
        expect(readInWords(read, this.names), which).toBe(step.answer);
        if (read.ok)
          this.repeats.push({ query: withView(query, read.answer), answer: read.answer });
        return;
      }
      case 'page':
        return this.page(step, which);
      case 'pass':
        return this.subject.pass(step.ms);
    }
  }

  private async write(
    command: Asked<WriteCommand>,
    answer: string | null,
    which: string,
  ): Promise<void> {
    const written = await this.subject.write(await this.underSession(command(this.course)));
    this.revisions.push(written.ok ? written.revision : null);
    this.timestamps.push(written.ok ? written.timestamp : null);
    if (answer === null) expect(written, which).toMatchObject({ ok: true });
    else expect(writtenInWords(written, this.names), which).toBe(answer);
  }

  /** Opened when the case's client first writes, unless it is one who never was. */
  private async underSession(command: WriteCommand): Promise<WriteCommand> {
    const { session } = command;
    if (session === undefined || session.client === STRANGER) return command;
    const client = this.sessions.get(session.client) ?? (await this.subject.open());
    this.sessions.set(session.client, client);
    return { ...command, session: { ...session, client } };
  }

  private async page(step: Extract<Step, { does: 'page' }>, which: string): Promise<void> {
    const query = { ...step.query(this.course), limit: step.limit };
    const parts: string[] = [];
    let next: unknown;
    for (let page = 0; next !== null; page++) {
      expect(page, which).toBeLessThan(MOST_PAGES);
      const read = await this.subject.read(query, next);
      if (!read.ok) throw new Error(`${which}: ${read.code}`);
      expect(rowsOf(read.answer), which).toBeLessThanOrEqual(step.limit);
      const part = answerInWords(read.answer, this.names);
      if (part !== '') parts.push(part);
      if (page === 0 && step.meanwhile !== null) await this.write(step.meanwhile, null, which);
      next = read.next;
    }
    expect(parts.join(query.type === 'history' ? ', ' : ' '), which).toBe(step.answer);
  }
}

/** The query with the coordinates that the answer names. */
function withView(query: ViewQuery, answer: ViewAnswer): ViewQuery {
  if (answer.type === 'diff')
    return query.type === 'diff' ? { ...query, before: answer.before, after: answer.after } : query;
  if (query.type === 'diff') return query;
  if (answer.type === 'history') return { ...query, asOf: answer.asOf };
  return query.type === 'history' ? query : { ...query, at: answer.at, asOf: answer.asOf };
}

function rowsOf(answer: ViewAnswer): number {
  switch (answer.type) {
    case 'get':
      return 1;
    case 'scan':
      return answer.fields.length;
    case 'keys':
      return answer.keys.length;
    case 'range':
      return answer.records.length;
    case 'history':
      return answer.versions.length;
    case 'diff':
      return answer.changes.length;
    case 'versions':
      return answer.versions.length;
  }
}
